# foliofuzz repro v1
# BUG: MMSAN: waiters-clear in folio_end_writeback
# cause: mutant_wake_clears_waiters
model: v6.12
bug: mutant_wake_clears_waiters
expect: folio_lock/waiters-clear:folio_end_writeback

init
  m0 = mapping(aops=writepages)
  F0 = folio(m0, index=0, flags=lru|dirty)

cpu0
  writeback(m0, mode=sync)
cpu1
  truncate_inode_pages(m0, 0)
cpu2
  compact(F0, nr=1, mode=sync)
