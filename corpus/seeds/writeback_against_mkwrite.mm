# foliofuzz repro v1
# Write-out cleans a page its process dirties again.
model: v6.12
expect: clean

init
  m0 = mapping(aops=migrate_folio|writepages|buffers|page_mkwrite)
  v0 = vma(p0, 0..4, shared, m0)
  F0 = folio(m0, index=0, maps=p0, flags=lru|dirty|uptodate|private)

cpu0
  writeback(m0, mode=sync)
cpu1
  user_write(p0, 0)
cpu2
  fsync(m0)
