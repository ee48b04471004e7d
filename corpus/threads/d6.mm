# foliofuzz repro v1
# Thread D, variant D6: without stops 4 and 5.
model: v6.8
bug: 2024_find_get_entry_no_reload
bug: 2024_truncate_no_mapping_check
expect: uaf/null-deref:filemap_remove_folio

init
  m0 = mapping()
  F0 = folio(m0, index=3, flags=lru)

cpu0
  truncate_inode_pages(m0, 3)
cpu1
  kill_bdev(m0)

schedule
  cpu0 op1 until find_lock_entries.folio_test_writeback#1 then cpu1
  cpu0 op1 until release_pages.folio_put_testzero#1 then cpu1
  cpu1 op1 until find_get_entry.folio_try_get#2 then cpu0
