# foliofuzz repro v1
# The twin of refcount_fires: the same program without mutant_double_cache_put.
model: v6.12
expect: clean

init
  m0 = mapping()
  F0 = folio(m0, index=0)

cpu0
  truncate_inode_pages(m0, 0)
