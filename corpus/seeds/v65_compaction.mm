# foliofuzz repro v1
# A dirty folio without migrate_folio on v6.5.
model: v6.5
expect: clean

init
  m0 = mapping(aops=free_folio)
  F0 = folio(m0, index=0, flags=lru|dirty|uptodate)

cpu0
  compact(F0, nr=8, mode=async)
cpu1
  truncate_inode_pages(m0, 0)
