# foliofuzz repro v1
# A second holder of the page is gone; the write reuses it, and MADV_DONTNEED frees it before it is unlocked.
# cause: 2020_reuse_unlocks_late
# BUG: MMSAN: badpage-locked in do_wp_page / tlb_flush_mmu
# 1 preemption; no interleaving of this program with fewer preemptions shows this (exhausted).
model: v6.12
bug: 2020_reuse_unlocks_late
expect: badpage/locked:do_wp_page+tlb_flush_mmu

init
  v0 = vma(p0, 0..1, anon)
  F0 = folio(p0, addr=0, flags=swapbacked)

cpu0
  fork(p0)
  exit(p1)
  user_write(p0, 0)
cpu1
  madvise(p0, 0, advice=dontneed)

schedule
  cpu0 op3 until folio_unlock.flags#1 then cpu1
