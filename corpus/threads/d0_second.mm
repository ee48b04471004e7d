# foliofuzz repro v1
# Thread D, variant D0: the second pass of a truncation against another one, and a recycler. With a fault besides,
# the two could chase each other for ever.
model: v6.8
bug: 2024_map_pages_against_truncation
expect: clean

init
  m0 = mapping()
  F0 = folio(m0, index=3, flags=lru)

cpu0
  truncate_inode_pages(m0, 3)
  filemap_add_folio(m0, 0)
cpu1
  kill_bdev(m0)
