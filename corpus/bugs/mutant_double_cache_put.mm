# foliofuzz repro v1
# BUG: MMSAN: put-unowned in filemap_free_folio
# cause: mutant_double_cache_put
model: v6.12
bug: mutant_double_cache_put
expect: refcount/put-unowned:filemap_free_folio

init
  m0 = mapping()
  F0 = folio(m0, index=0)

cpu0
  truncate_inode_pages(m0, 0)
