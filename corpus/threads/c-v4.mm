# foliofuzz repro v1
# Thread C, variant V4: __munlock_pagevec leaves a page counted in NR_MLOCK that somebody else has isolated.
model: v3.13
fix: 2014_cluster_mlocks_unlocked
fix: 2015_migration_loses_mlocked
fix: 2015_mlock_after_page_table_lock
fix: 2014_remap_file_pages_migration
fix: 2015_cluster_unmaps_mlocked
fix: 2015_cluster_mlock_in_exit
expect: mlock/nr-mlock:__munlock_pagevec

init
  m0 = mapping()
  v0 = vma(p0, 0..1, shared, m0, flags=locked)
  F0 = folio(m0, index=0, maps=p0, flags=lru|mlocked)

cpu0
  isolate_and_hold(m0, 0)
cpu1
  munlock(p0, 0)
