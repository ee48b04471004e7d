# foliofuzz repro v1
# BUG: MMSAN: slot-unowned in add_to_swap_cache
# cause: mutant_swap_cache_without_ref
model: v6.12
bug: mutant_swap_cache_without_ref
expect: pagecache/slot-unowned:add_to_swap_cache

init
  v3 = vma(p1, 0..1, anon)
  s1 = swap(p1, addr=0)

cpu0
  swapoff()
