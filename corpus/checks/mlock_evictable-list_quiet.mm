# foliofuzz repro v1
# A page is mlocked while it is isolated, and filed as evictable.
model: v3.13
expect: clean

init
  m0 = mapping()
  v1 = vma(p0, 3..4, nonlinear, m0)
  F0 = folio(m0, index=3, flags=lru)

cpu0
  compact(F0, nr=1, mode=sync)
cpu1
  mlock(p0, 3)
