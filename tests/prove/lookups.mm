# foliofuzz repro v1
# Two lookups of one folio.
model: v6.12

init
  m0 = mapping()
  F0 = folio(m0, index=0)

cpu0
  filemap_get_entry(m0, 0)
cpu1
  filemap_get_entry(m0, 0)
