# foliofuzz repro v1
# Two address spaces are locked at once.
model: v6.12

init
  m0 = mapping()

cpu0
  fork(p0)
cpu1
  munmap(p0, 0)
