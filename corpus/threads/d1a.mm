# foliofuzz repro v1
# Thread D, variant D1a: without xas_reload in next_uptodate_folio (stop 1), and no frame used twice: the mapping
# check under the lock still stops it.
model: v6.8
bug: 2024_map_pages_no_reload
bug: model_no_recycling
expect: clean

init
  m0 = mapping()
  v0 = vma(p0, 3..4, shared, m0)
  F0 = folio(m0, index=3, flags=lru)

cpu0
  truncate_inode_pages(m0, 3)
cpu1
  user_read(p0, 3)
