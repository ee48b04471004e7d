# foliofuzz repro v1
# Buffers keep a folio in the cache, a dirty one all the more.
model: v6.12
expect: clean

init
  m0 = mapping(aops=migrate_folio|writepages|writepage|buffers)
  F0 = folio(m0, index=0, flags=lru|uptodate|private)

cpu0
  invalidate_mapping_pages(m0)
cpu1
  mark_buffer_dirty(m0, 0)
cpu2
  create_buffers(m0, 0)
