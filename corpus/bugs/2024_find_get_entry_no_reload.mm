# foliofuzz repro v1
# cause: 2024_find_get_entry_no_reload
model: v6.8
bug: 2024_find_get_entry_no_reload
expect: vmbug/wrong-index:find_lock_entries

init
  m0 = mapping()
  F0 = folio(m0, index=3, flags=lru)

cpu0
  kill_bdev(m0)
cpu1
  truncate_inode_pages(m0, 3)
  filemap_add_folio(m0, 0)

schedule
  cpu0 op1 until find_get_entry.folio_try_get#1 then cpu1
