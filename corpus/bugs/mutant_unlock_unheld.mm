# foliofuzz repro v1
# BUG: MMSAN: unlock-unheld in lru_add_drain_cpu
# cause: mutant_unlock_unheld
model: v6.12
bug: mutant_unlock_unheld
expect: lockdep/unlock-unheld:lru_add_drain_cpu

init
  m0 = mapping()
  v3 = vma(p1, 0..1, shared, m0)
  F0 = folio(m0, index=0, flags=lru|dirty)

cpu0
  invalidate_mapping_pages(m0)
cpu1
  gup_pin(p1, 0, how=longterm)

schedule
  cpu0 op1 until folio_batch_add_and_move.folio_get#1 then cpu1
