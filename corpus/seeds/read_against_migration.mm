# foliofuzz repro v1
# A read waits for a page that migrates while its I/O is in flight.
model: v6.12
expect: clean

init
  m0 = mapping(aops=migrate_folio|writepages|iomap|page_mkwrite)

cpu0
  readahead(m0, 0)
  filemap_read(m0, 0)
cpu1
  compact(F0, nr=8, mode=sync)
cpu2
  punch_hole(m0, 0)
