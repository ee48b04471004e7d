# foliofuzz repro v1
model: v6.12
bug: mutant_waiter_looks_again
expect: waiter/touches

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru|uptodate)

cpu0
  wait_on_folio(m0, 0, how=drop)
