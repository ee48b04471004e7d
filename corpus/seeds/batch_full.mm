# foliofuzz repro v1
# A per-CPU batch fills up and drains while reclaim scans.
model: v6.12
expect: clean

init
  m0 = mapping(aops=migrate_folio)
  v0 = vma(p0, 0..4, anon)
  F0 = folio(m0, index=0, flags=lru|uptodate)

cpu0
  filemap_add_folio(m0, 1)
  filemap_add_folio(m0, 2)
  user_write(p0, 0)
  user_write(p0, 1)
cpu1
  shrink_inactive_list(list=inactive_file)
