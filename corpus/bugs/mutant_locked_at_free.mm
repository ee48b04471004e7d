# foliofuzz repro v1
# BUG: MMSAN: badpage-locked in filemap_create_folio
# cause: mutant_locked_at_free
model: v6.12
bug: mutant_locked_at_free
expect: badpage/locked:filemap_create_folio

init
  m0 = mapping()
  F0 = folio(m0, index=0)

cpu0
  filemap_add_folio(m0, 0)
