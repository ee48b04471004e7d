# foliofuzz repro v1
# BUG: MMSAN: map-unlocked in set_pte_range
# cause: mutant_fault_maps_unlocked
model: v6.12
bug: mutant_fault_maps_unlocked
expect: folio_lock/map-unlocked:set_pte_range

init
  m0 = mapping()
  v0 = vma(p0, 2..3, shared, m0)

cpu0
  gup_pin(p0, 2, how=slow)
