# foliofuzz repro v1
# BUG: MMSAN: lru-unfiled in lru_activate / lru_add_drain_cpu
# cause: mutant_activate_unfiled
model: v6.12
bug: mutant_activate_unfiled
expect: lru/unfiled:lru_activate+lru_add_drain_cpu

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru|active|referenced)

cpu0
  reclaim()
cpu1
  folio_mark_accessed(m0, 0)
