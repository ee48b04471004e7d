# foliofuzz repro v1
# Thread D, variant D8: reclaim of a truncated page that is still on the LRU sees that it has no mapping.
model: v6.8
bug: 2024_reclaim_of_truncated
expect: clean

init
  m0 = mapping()
  F0 = folio(m0, index=3, flags=lru)

cpu0
  truncate_inode_pages(m0, 3)
cpu1
  shrink_inactive_list(list=inactive_file)
