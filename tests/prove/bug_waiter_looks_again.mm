# foliofuzz repro v1
# A waiter looks at a folio it has no reference to.
model: v6.8
bug: mutant_waiter_looks_again

init
  m0 = mapping()
  F0 = folio(m0, index=0)

cpu0
  wait_on_folio(m0, 0, how=drop)
cpu1
  get_and_hold(m0, 0)
