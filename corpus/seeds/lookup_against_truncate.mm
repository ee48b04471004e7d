# foliofuzz repro v1
# A lookup races with truncation; xas_reload and the re-check under the lock decide.
model: v6.12
expect: clean

init
  m0 = mapping(aops=migrate_folio)
  F0 = folio(m0, index=0, flags=lru|uptodate)
  F1 = folio(m0, index=1, flags=lru|dirty|uptodate)

cpu0
  filemap_get_entry(m0, 0)
  filemap_lock_folio(m0, 1)
cpu1
  truncate_inode_pages(m0, 0)
