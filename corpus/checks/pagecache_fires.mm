# foliofuzz repro v1
# BUG: MMSAN: pagecache-nrpages in filemap_add_folio
# cause: mutant_overwrite_slot
model: v6.12
bug: mutant_overwrite_slot
expect: pagecache/nrpages:filemap_add_folio

init
  m0 = mapping()
  F0 = folio(m0, index=0)

cpu0
  filemap_add_folio(m0, 0)
