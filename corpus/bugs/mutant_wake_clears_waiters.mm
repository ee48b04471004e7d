# foliofuzz repro v1
# BUG: MMSAN: lost-wakeup in folio_wait_bit_common
# cause: mutant_wake_clears_waiters
model: v6.12
bug: mutant_wake_clears_waiters
expect: progress/lost-wakeup:folio_wait_bit_common

init
  m0 = mapping(aops=writepages)
  F0 = folio(m0, index=0, flags=lru|dirty)

cpu0
  writeback(m0, mode=sync)
cpu1
  truncate_inode_pages(m0, 0)
cpu2
  compact(F0, nr=1, mode=sync)

schedule
  cpu1 op1 until filemap_get_entry.folio_try_get#1 then cpu2
