# foliofuzz repro v1
# The twin of quiesce_fires: the same program without mutant_batch_left_behind.
model: v6.12
expect: clean

init
  v0 = vma(p0, 0..4, anon)

cpu0
  user_write(p0, 0)
