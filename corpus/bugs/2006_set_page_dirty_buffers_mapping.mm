# foliofuzz repro v1
# BUG: MMSAN: null-deref in block_dirty_folio
# cause: 2006_set_page_dirty_buffers_mapping
# 1 preemption; no interleaving of this program with fewer preemptions shows this (exhausted).
model: v6.12
bug: 2006_set_page_dirty_buffers_mapping
expect: uaf/null-deref:block_dirty_folio

init
  m0 = mapping(aops=writepages|buffers)
  v0 = vma(p0, 3..4, shared, m0)
  F0 = folio(m0, index=3, maps=p0)

cpu0
  user_write(p0, 3)
cpu1
  truncate_inode_pages(m0, 0)

schedule
  cpu0 op1 until folio_mark_dirty.folio_test_reclaim#1 then cpu1
