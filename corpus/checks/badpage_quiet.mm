# foliofuzz repro v1
# The twin of badpage_fires: the same program without mutant_locked_at_free.
model: v6.12
expect: clean

init
  m0 = mapping()
  F0 = folio(m0, index=0)

cpu0
  filemap_add_folio(m0, 0)
