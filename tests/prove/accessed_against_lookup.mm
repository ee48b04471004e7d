# foliofuzz repro v1
# A folio is marked accessed: flags only, some of which another looks at.
model: v6.8

init
  m0 = mapping()
  F0 = folio(m0, index=0)

cpu0
  folio_mark_accessed(m0, 0)
cpu1
  filemap_get_entry(m0, 0)
