# foliofuzz repro v1
# BUG: MMSAN: vmbug-exclusive in copy_present_ptes
# cause: mutant_fork_keeps_exclusive
model: v6.12
bug: mutant_fork_keeps_exclusive
expect: vmbug/exclusive:copy_present_ptes

init
  v0 = vma(p0, 0..1, anon)
  F0 = folio(p0, addr=0, flags=swapbacked)

cpu0
  fork(p0)
