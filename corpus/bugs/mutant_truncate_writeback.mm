# foliofuzz repro v1
# BUG: MMSAN: writeback-delete in page_cache_delete
# cause: mutant_truncate_writeback
model: v6.12
bug: mutant_truncate_writeback
expect: pagecache/writeback-delete:page_cache_delete

init
  m0 = mapping(aops=writepages)
  F0 = folio(m0, index=0, flags=dirty)

cpu0
  writeback(m0, mode=sync)
cpu1
  truncate_inode_pages(m0, 0)
