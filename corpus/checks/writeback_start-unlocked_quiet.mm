# foliofuzz repro v1
model: v6.12
expect: clean

init
  m0 = mapping()
  v1 = vma(p0, 3..4, private, m0)
  F0 = folio(p0, addr=3, flags=lru|swapbacked)

cpu0
  reclaim()
  reclaim()
