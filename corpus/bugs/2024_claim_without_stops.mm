# foliofuzz repro v1
# cause: 2024_map_pages_no_reload, 2024_map_pages_no_mapping_check, 2024_map_pages_no_size_check, 2024_find_get_entry_no_reload, 2024_truncate_no_mapping_check
model: v6.8
bug: 2024_map_pages_no_reload
bug: 2024_map_pages_no_mapping_check
bug: 2024_find_get_entry_no_reload
bug: 2024_truncate_no_mapping_check
bug: 2024_map_pages_no_size_check
expect: rmap/mapped-detached:folio_add_file_rmap_pte

init
  m0 = mapping()
  v0 = vma(p0, 3..4, shared, m0)
  F0 = folio(m0, index=3, flags=lru)

cpu0
  user_read(p0, 3)
cpu1
  truncate_inode_pages(m0, 3)
cpu2
  kill_bdev(m0)
cpu3
  madvise(p0, 3, advice=pageout)

schedule
  cpu0 op1 until next_uptodate_folio.folio_try_get#1 then cpu1
  cpu0 until end then cpu3
  cpu1 op1 until find_lock_entries.folio_raw_mapping#1 then cpu2
  cpu1 op1 until release_pages.folio_put_testzero#1 then cpu0
  cpu2 op1 until find_get_entry.folio_try_get#2 then cpu1
  cpu3 op1 until folio_isolate_lru.spin_lock_irq#1 then cpu1
