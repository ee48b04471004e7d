# foliofuzz repro v1
model: v6.12
expect: clean

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru)
  F1 = folio(m0, index=1, flags=lru|active)

cpu0
  shrink_active_list(list=active_file)
cpu1
  isolate_and_hold(m0, 0)
