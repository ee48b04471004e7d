# foliofuzz repro v1
model: v6.12
expect: clean

init
  m0 = mapping(aops=writepages)
  F0 = folio(m0, index=0, flags=lru|dirty)

cpu0
  writeback(m0, mode=sync)
cpu1
  truncate_inode_pages(m0, 0)
cpu2
  compact(F0, nr=1, mode=sync)
