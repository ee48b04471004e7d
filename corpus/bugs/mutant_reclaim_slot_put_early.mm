# foliofuzz repro v1
# BUG: MMSAN: sub-zero in __try_to_reclaim_swap / delete_from_swap_cache
# cause: mutant_reclaim_slot_put_early
model: v6.12
bug: mutant_reclaim_slot_put_early
expect: refcount/sub-zero:__try_to_reclaim_swap+delete_from_swap_cache

init
  v0 = vma(p0, 0..1, anon)

cpu0
  user_write(p0, 0)
  madvise(p0, 0, advice=pageout)
cpu1
  lru_cache_disable()
  madvise(p0, 0, advice=dontneed)
