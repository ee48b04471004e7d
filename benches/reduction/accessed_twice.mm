# foliofuzz repro v1
# Two tasks mark one folio accessed.
model: v6.12

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru)

cpu0
  folio_mark_accessed(m0, 0)
cpu1
  folio_mark_accessed(m0, 0)
