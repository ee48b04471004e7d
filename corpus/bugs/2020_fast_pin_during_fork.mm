# foliofuzz repro v1
# A fast pin for writing between what fork asks for and the write protection.
# cause: 2020_fast_pin_during_fork
# BUG: MMSAN: not-exclusive in sanity_check_pinned_pages
# 1 preemption; no interleaving of this program with fewer preemptions shows this (exhausted).
model: v6.12
bug: 2020_fast_pin_during_fork
expect: vmbug/not-exclusive:sanity_check_pinned_pages

init
  v0 = vma(p0, 0..1, anon)
  F0 = folio(p0, addr=0, flags=swapbacked)

cpu0
  fork(p0)
cpu1
  gup_pin(p0, 0, how=fast)

schedule
  cpu0 op1 until copy_present_ptes.ptep_change#1 then cpu1
