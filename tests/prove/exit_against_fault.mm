# foliofuzz repro v1
# The end of a process against its fault.
model: v6.12

init
  m0 = mapping()

cpu0
  exit(p0)
cpu1
  user_read(p0, 0)
