# foliofuzz repro v1
# Freezing fails against a lookup or the dirty bit.
model: v6.12
expect: clean

init
  m0 = mapping(aops=migrate_folio|free_folio)
  F0 = folio(m0, index=0, flags=lru|uptodate)

cpu0
  invalidate_mapping_pages(m0)
cpu1
  filemap_get_entry(m0, 0)
cpu2
  folio_mark_dirty(m0, 0)
