# foliofuzz repro v1
model: v6.12
expect: clean

init
  m0 = mapping()
  v0 = vma(p0, 0..1, private, m0)
  F0 = folio(p0, addr=0, flags=lru|active|swapbacked)

cpu0
  shrink_active_list(list=active_anon)
