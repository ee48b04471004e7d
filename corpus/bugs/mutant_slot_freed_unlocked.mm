# foliofuzz repro v1
# BUG: MMSAN: map-unlocked in free_swap_slot
# cause: mutant_slot_freed_unlocked
model: v6.12
bug: mutant_slot_freed_unlocked
expect: swap/map-unlocked:free_swap_slot

init
  m0 = mapping()
  v2 = vma(p0, 2..3, private, m0)
  s3 = swap(p0, addr=2)

cpu0
  gup_pin(p0, 2, how=fast)
