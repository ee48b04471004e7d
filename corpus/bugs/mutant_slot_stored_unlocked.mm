# foliofuzz repro v1
# BUG: MMSAN: store-unlocked in add_to_swap_cache
# cause: mutant_slot_stored_unlocked
model: v6.12
bug: mutant_slot_stored_unlocked
expect: pagecache/store-unlocked:add_to_swap_cache

init
  v0 = vma(p0, 2..3, anon)
  s1 = swap(p0, addr=2)

cpu0
  swapoff()
