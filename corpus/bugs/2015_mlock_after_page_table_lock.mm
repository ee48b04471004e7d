# foliofuzz repro v1
# cause: 2015_mlock_after_page_table_lock
model: v3.13
fix: 2014_cluster_mlocks_unlocked
fix: 2017_munlock_pagevec_count
fix: 2015_migration_loses_mlocked
fix: 2014_remap_file_pages_migration
fix: 2015_cluster_unmaps_mlocked
fix: 2015_cluster_mlock_in_exit
expect: badpage/mlocked

init
  m0 = mapping()
  v0 = vma(p0, 0..1, shared, m0, flags=locked)
  F0 = folio(m0, index=0, maps=p0, flags=lru)

cpu0
  shrink_inactive_list(list=inactive_file)
cpu1
  exit(p0)
  truncate_inode_pages(m0, 0)

schedule
  cpu0 op1 until mlock_vma_page.folio_test_set_mlocked#1 then cpu1
