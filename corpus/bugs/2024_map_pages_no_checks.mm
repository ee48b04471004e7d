# foliofuzz repro v1
# cause: 2024_map_pages_no_reload, 2024_map_pages_no_mapping_check
model: v6.8
bug: 2024_map_pages_no_reload
bug: 2024_map_pages_no_mapping_check
expect: rmap/mapped-detached:folio_add_file_rmap_pte

init
  m0 = mapping()
  v0 = vma(p0, 3..4, shared, m0)
  F0 = folio(m0, index=3, flags=lru)

cpu0
  user_read(p0, 3)
cpu1
  truncate_inode_pages(m0, 3)

schedule
  cpu0 op1 until next_uptodate_folio.folio_try_get#1 then cpu1
  cpu1 op1 until release_pages.folio_put_testzero#1 then cpu0
