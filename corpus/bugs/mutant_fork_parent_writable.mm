# foliofuzz repro v1
# BUG: MMSAN: writable-shared in copy_pte_range
# cause: mutant_fork_parent_writable
model: v6.12
bug: mutant_fork_parent_writable
expect: rmap/writable-shared:copy_pte_range

init
  v1 = vma(p0, 2..3, anon)
  F0 = folio(p0, addr=2, flags=swapbacked)

cpu0
  fork(p0)
