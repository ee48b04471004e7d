# foliofuzz repro v1
# BUG: MMSAN: wrong-page in op
# cause: mutant_read_next_block
model: v6.12
bug: mutant_read_next_block
expect: content/wrong-page:op

init
  m0 = mapping(aops=writepages)
  v1 = vma(p0, 1..2, shared, m0)

cpu0
  user_read(p0, 1)
