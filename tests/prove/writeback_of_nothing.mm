# foliofuzz repro v1
# Two walks of a file that has nothing to write.
model: v6.12

init
  m0 = mapping()

cpu0
  writeback(m0, mode=sync)
cpu1
  fsync(m0)
