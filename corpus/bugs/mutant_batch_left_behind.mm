# foliofuzz repro v1
# BUG: MMSAN: quiesce-batch in op
# cause: mutant_batch_left_behind
model: v6.12
bug: mutant_batch_left_behind
expect: quiesce/batch:op

init
  v0 = vma(p0, 0..4, anon)

cpu0
  user_write(p0, 0)
