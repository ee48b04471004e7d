# foliofuzz repro v1
model: v6.12
expect: clean

init
  m0 = mapping()

cpu0
  mmap(p0, 0, what=m0_shared)
