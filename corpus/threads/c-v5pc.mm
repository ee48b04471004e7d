# foliofuzz repro v1
# Thread C, variant V5pc: munlock skips, references are not counted, the last unmap leaves PG_mlocked.
model: v3.13
bug: 2012_last_unmap_keeps_mlocked
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
  cpu0 op1 until __unmap_and_move.folio_mapcount#1 then cpu1
