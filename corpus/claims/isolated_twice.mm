# foliofuzz repro v1
# Two isolators both find PG_lru set.
model: v6.12
verdict: impossible:2

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru|uptodate)

cpu0
  isolate_and_hold(m0, 0)
cpu1
  isolate_and_hold(m0, 0)

claim
  cpu0: folio_isolate_lru.folio_test_clear_lru#1(F0) -> 1
  cpu1: folio_isolate_lru.folio_test_clear_lru#1(F0) -> 1
