# foliofuzz repro v1
# A waiter that drops its reference.
model: v6.8

init
  m0 = mapping()
  F0 = folio(m0, index=0)

cpu0
  wait_on_folio(m0, 0, how=drop)
cpu1
  get_and_hold(m0, 0)
