# foliofuzz repro v1
# Thread C, variant V5pc: munlock skips, references are not counted, the last unmap leaves PG_mlocked.
model: v3.13
bug: mutant_migration_without_pins
bug: 2012_last_unmap_keeps_mlocked
fix: 2014_cluster_mlocks_unlocked
fix: 2017_munlock_pagevec_count
fix: 2015_mlock_after_page_table_lock
expect: mlock/stale

init
  v0 = vma(p0, 0..1, anon, flags=locked)
  F0 = folio(p0, addr=0, flags=lru|mlocked|swapbacked)

cpu0
  migrate_page(p0, 0, mode=sync)
cpu1
  munlock(p0, 0)
