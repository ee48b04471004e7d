# foliofuzz repro v1
# BUG: MMSAN: quiesce-batch in op
# cause: mutant_batch_left_behind
model: v6.12
bug: mutant_batch_left_behind
expect: quiesce/batch:op

init

cpu0
  do_anonymous_page()
