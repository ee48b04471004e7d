# foliofuzz repro v1
# The twin of pagecache_fires: the same program without mutant_overwrite_slot.
model: v6.12
expect: clean

init
  m0 = mapping()
  F0 = folio(m0, index=0)

cpu0
  filemap_add_folio(m0, 0)
