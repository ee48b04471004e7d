# foliofuzz repro v1
# cause: 2014_remap_file_pages_migration
model: v3.13
fix: 2014_cluster_mlocks_unlocked
fix: 2017_munlock_pagevec_count
fix: 2015_migration_loses_mlocked
fix: 2015_mlock_after_page_table_lock
fix: 2015_cluster_unmaps_mlocked
fix: 2015_cluster_mlock_in_exit
expect: rmap/entry-unlocked:__unmap_and_move

init
  m0 = mapping(aops=migrate_folio)
  v0 = vma(p0, 0..2, shared, m0)
  F0 = folio(m0, index=0, maps=p0, flags=lru)

cpu0
  migrate_page(p0, 0, mode=sync)
cpu1
  remap_file_pages(p0, 1, 0)

schedule
  cpu0 op1 until move_to_new_page.folio_index#1 then cpu1
