# foliofuzz repro v1
# cause: 2015_munlock_skips_restored_entry
model: v3.13
fix: 2014_cluster_mlocks_unlocked
fix: 2017_munlock_pagevec_count
fix: 2015_migration_loses_mlocked
fix: 2015_mlock_after_page_table_lock
fix: 2014_remap_file_pages_migration
fix: 2015_cluster_unmaps_mlocked
fix: 2015_cluster_mlock_in_exit
expect: mlock/stale:op

init
  m0 = mapping(aops=migrate_folio)
  v0 = vma(p0, 0..1, nonlinear, m0)
  v3 = vma(p1, 0..1, shared, m0, flags=locked)
  F0 = folio(m0, index=0, maps=p0|p1, flags=lru|mlocked)

cpu0
  migrate_page(p0, 0, mode=sync)
cpu1
  munlock(p1, 0)

schedule
  cpu0 op1 until try_to_unmap_cluster.down_read_trylock#1 then cpu1
