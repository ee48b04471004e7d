# foliofuzz repro v1
# The twin of quiesce_fires: the same program without mutant_batch_left_behind.
model: v6.12
expect: clean

init

cpu0
  do_anonymous_page()
