# foliofuzz repro v1
# Thread C, variant V5wc: munlock waits, references are counted; the last unmap leaves PG_mlocked.
model: v3.13
bug: 2012_last_unmap_keeps_mlocked
bug: 2014_munlock_waits_for_migration
fix: 2014_cluster_mlocks_unlocked
fix: 2017_munlock_pagevec_count
fix: 2015_mlock_after_page_table_lock
fix: 2014_remap_file_pages_migration
fix: 2015_cluster_unmaps_mlocked
fix: 2015_cluster_mlock_in_exit
expect: clean

init
  v0 = vma(p0, 0..1, anon, flags=locked)
  F0 = folio(p0, addr=0, flags=lru|mlocked|swapbacked)

cpu0
  migrate_page(p0, 0, mode=sync)
cpu1
  munlock(p0, 0)
