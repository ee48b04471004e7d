# foliofuzz repro v1
# BUG: MMSAN: has-cache in op
# cause: mutant_slot_kept
model: v6.12
bug: mutant_slot_kept
expect: swap/has-cache:op

init
  v0 = vma(p0, 1..2, anon)
  s0 = swap(p0, addr=1)

cpu0
  user_write(p0, 1)
