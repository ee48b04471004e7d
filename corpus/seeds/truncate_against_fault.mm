# foliofuzz repro v1
# Truncation against a fault and a read of the same file page.
model: v6.12
expect: clean

init
  m0 = mapping(aops=migrate_folio)
  v0 = vma(p0, 0..4, shared, m0)
  F0 = folio(m0, index=1, maps=p0, flags=lru|uptodate)

cpu0
  truncate(m0, 1)
cpu1
  user_read(p0, 1)
cpu2
  filemap_read(m0, 1)
