# foliofuzz repro v1
# Kept references and a drain that takes local locks.
model: v6.12

init
  m0 = mapping()
  F0 = folio(m0, index=0)

cpu0
  get_and_hold(m0, 0)
cpu1
  get_and_hold(m0, 0)
cpu2
  lru_add_drain()
