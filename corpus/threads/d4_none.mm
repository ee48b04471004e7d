# foliofuzz repro v1
# Thread D, variant D4 where no frame is used twice: the mapping check stops it.
model: v6.8
bug: 2024_find_get_entry_no_reload
bug: model_no_recycling
expect: clean

init
  m0 = mapping()
  F0 = folio(m0, index=3, flags=lru)

cpu0
  kill_bdev(m0)
cpu1
  truncate_inode_pages(m0, 3)
