# foliofuzz repro v1
# BUG: MMSAN: unprotected-deref in filemap_free_folio
# cause: open_free_folio_after_detach
model: v6.12
bug: open_free_folio_after_detach
expect: mapping/unprotected-deref:filemap_free_folio

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru)

cpu0
  memory_failure(F0)
