# foliofuzz repro v1
model: v6.12
expect: clean

init
  v1 = vma(p0, 2..3, anon)
  s2 = swap(p0, addr=2)

cpu0
  fork(p0)
