# foliofuzz repro v1
# BUG: MMSAN: rmap-mapcount in copy_pte_range
# cause: mutant_fork_without_mapcount
model: v6.12
bug: mutant_fork_without_mapcount
expect: rmap/mapcount:copy_pte_range

init
  m0 = mapping()
  v0 = vma(p0, 0..2, private, m0)
  F0 = folio(m0, index=1, maps=p0)
  s2 = swap(p0, addr=0)

cpu0
  fork(p0)
