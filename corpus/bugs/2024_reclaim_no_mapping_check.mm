# foliofuzz repro v1
# cause: 2024_reclaim_no_mapping_check
model: v6.8
bug: 2024_reclaim_no_mapping_check
expect: freeze/entitlement:shrink_folio_list

init
  m0 = mapping()
  F0 = folio(m0, index=3, flags=lru)

cpu0
  truncate_inode_pages(m0, 3)
cpu1
  shrink_inactive_list(list=inactive_file)

schedule
  cpu0 op1 until release_pages.folio_put_testzero#1 then cpu1
