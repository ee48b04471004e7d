# foliofuzz repro v1
# BUG: MMSAN: not-uptodate in set_pte_range
# cause: mutant_fault_not_uptodate
model: v6.12
bug: mutant_fault_not_uptodate
expect: rmap/not-uptodate:set_pte_range

init
  m0 = mapping()
  v1 = vma(p0, 2..3, shared, m0)

cpu0
  gup_get(p0, 2, how=read)
