# foliofuzz repro v1
# BUG: MMSAN: progress-deadlock in op
# cause: mutant_read_never_ends
model: v6.12
bug: mutant_read_never_ends
expect: progress/deadlock:op

init
  m0 = mapping(aops=writepages)
  v0 = vma(p0, 1..2, shared, m0)

cpu1
  user_read(p0, 1)
