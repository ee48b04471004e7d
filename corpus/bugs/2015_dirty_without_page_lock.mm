# foliofuzz repro v1
# BUG: MMSAN: dirty-lost in filemap_unaccount_folio
# cause: 2015_dirty_without_page_lock
# 2 preemptions; no interleaving of this program with fewer preemptions shows this (exhausted).
model: v6.12
bug: 2015_dirty_without_page_lock
expect: vmbug/dirty-lost:filemap_unaccount_folio

init
  m0 = mapping(aops=writepages|buffers)
  v0 = vma(p0, 3..4, shared, m0)
  F0 = folio(m0, index=3, maps=p0)

cpu0
  user_write(p0, 3)
cpu1
  punch_hole(m0, 3)

schedule
  cpu0 op1 until block_dirty_folio.spin_lock#1 then cpu1
  cpu1 op1 until delete_from_page_cache_batch.xa_lock_irq#1 then cpu0
