# foliofuzz repro v1
# BUG: MMSAN: writeback-detached in page_cache_delete_batch
# cause: mutant_lock_entries_writeback
model: v6.12
bug: mutant_lock_entries_writeback
expect: writeback/detached:page_cache_delete_batch

init
  m0 = mapping(aops=writepages)
  F0 = folio(m0, index=0, flags=dirty)

cpu0
  writeback(m0, mode=sync)
cpu1
  truncate_inode_pages(m0, 0)
