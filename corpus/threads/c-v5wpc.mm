# foliofuzz repro v1
# Thread C, variant V5wpc: munlock waits, but references are not counted, and the last unmap leaves PG_mlocked.
model: v3.13
bug: 2012_last_unmap_keeps_mlocked
bug: 2014_munlock_waits_for_migration
bug: mutant_migration_without_pins
fix: 2014_cluster_mlocks_unlocked
fix: 2017_munlock_pagevec_count
fix: 2015_mlock_after_page_table_lock
fix: 2014_remap_file_pages_migration
fix: 2015_cluster_unmaps_mlocked
fix: 2015_cluster_mlock_in_exit
expect: mlock/stale

init
  v0 = vma(p0, 0..1, anon, flags=locked)
  F0 = folio(p0, addr=0, flags=lru|mlocked|swapbacked)

cpu0
  migrate_page(p0, 0, mode=sync)
cpu1
  munlock(p0, 0)

schedule
  cpu0 op1 until page_vma_mapped_walk.pte_offset_map_lock#1 then cpu1
  cpu1 op1 until __munlock_pagevec.folio_test_clear_mlocked#1 then cpu0
