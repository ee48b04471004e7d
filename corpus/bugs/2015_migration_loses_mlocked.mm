# foliofuzz repro v1
# cause: 2015_migration_loses_mlocked
model: v3.13
fix: 2014_cluster_mlocks_unlocked
fix: 2017_munlock_pagevec_count
fix: 2015_mlock_after_page_table_lock
fix: 2014_remap_file_pages_migration
fix: 2015_cluster_unmaps_mlocked
fix: 2015_cluster_mlock_in_exit
expect: mlock/lost:op

init
  m0 = mapping(aops=migrate_folio)
  v0 = vma(p0, 0..1, shared, m0, flags=locked)
  F0 = folio(m0, index=0, maps=p0, flags=lru|mlocked)

cpu0
  migrate_page(p0, 0, mode=sync)
