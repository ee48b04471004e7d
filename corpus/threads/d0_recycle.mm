# foliofuzz repro v1
# Thread D, variant D0 with a recycler: the freed frame enters the file at another index.
model: v6.8
bug: 2024_map_pages_against_truncation
expect: clean

init
  m0 = mapping()
  v0 = vma(p0, 3..4, shared, m0)
  F0 = folio(m0, index=3, flags=lru)

cpu0
  truncate_inode_pages(m0, 3)
  filemap_add_folio(m0, 0)
cpu1
  user_read(p0, 3)
