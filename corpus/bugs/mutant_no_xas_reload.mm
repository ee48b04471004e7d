# foliofuzz repro v1
# BUG: MMSAN: wrong-index in __filemap_get_folio
# cause: mutant_no_xas_reload
model: v6.12
bug: mutant_no_xas_reload
expect: vmbug/wrong-index:__filemap_get_folio

init
  m0 = mapping()
  F0 = folio(m0, index=0)

cpu0
  filemap_lock_folio(m0, 0)
cpu1
  invalidate_mapping_pages(m0)
  filemap_add_folio(m0, 1)

schedule
  cpu0 op1 until filemap_get_entry.folio_try_get#1 then cpu1
