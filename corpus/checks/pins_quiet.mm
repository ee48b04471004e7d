# foliofuzz repro v1
model: v6.12
expect: clean

init
  m0 = mapping()
  v4 = vma(p1, 3..4, private, m0)
  s0 = swap(p1, addr=3)

cpu0
  gup_pin(p1, 3, how=fast)
cpu1
  gup_pin(p1, 3, how=longterm)
