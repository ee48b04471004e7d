# foliofuzz repro v1
# A wait for the folio lock, which nobody holds.
model: v6.12

init
  m0 = mapping()
  F0 = folio(m0, index=0)

cpu0
  wait_on_folio(m0, 0, how=shared)
cpu1
  filemap_get_entry(m0, 0)
