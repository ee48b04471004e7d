# foliofuzz repro v1
# The frame a lookup has in hand comes back at another index, or anonymous.
model: v6.12
expect: clean

init
  m0 = mapping(aops=migrate_folio)
  v0 = vma(p0, 0..4, anon)
  F0 = folio(m0, index=0, flags=lru|uptodate)

cpu0
  truncate_inode_pages(m0, 0)
  filemap_add_folio(m0, 1)
cpu1
  filemap_get_entry(m0, 0)
cpu2
  user_write(p0, 0)
