# foliofuzz repro v1
model: v6.12
expect: clean

init
  m0 = mapping(aops=writepages)
  F0 = folio(m0, index=0, flags=dirty)

cpu0
  writeback(m0, mode=sync)
cpu1
  truncate_inode_pages(m0, 0)
