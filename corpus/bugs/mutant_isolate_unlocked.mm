# foliofuzz repro v1
# BUG: MMSAN: no-lock in folio_isolate_lru
# cause: mutant_isolate_unlocked
model: v6.12
bug: mutant_isolate_unlocked
expect: lru/no-lock:folio_isolate_lru

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru)

cpu0
  isolate_and_hold(m0, 0)
