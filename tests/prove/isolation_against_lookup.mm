# foliofuzz repro v1
# A folio leaves the LRU and goes back.
model: v6.8

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru)

cpu0
  isolate_and_hold(m0, 0)
cpu1
  get_and_hold(m0, 0)
