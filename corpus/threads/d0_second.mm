# foliofuzz repro v1
# Thread D, variant D0 with the second pass of another truncation.
model: v6.8
bug: 2024_map_pages_against_truncation
expect: clean

init
  m0 = mapping()
  v0 = vma(p0, 3..4, shared, m0)
  F0 = folio(m0, index=3, flags=lru)

cpu0
  truncate_inode_pages(m0, 3)
cpu1
  user_read(p0, 3)
cpu2
  kill_bdev(m0)
