# foliofuzz repro v1
# Thread C, variant V2: without the BUG_ON, a munlock can take the flag that the cluster scan has just set.
model: v3.13
bug: 2014_mlock_without_bug_on
fix: 2014_cluster_mlocks_unlocked
fix: 2017_munlock_pagevec_count
fix: 2015_migration_loses_mlocked
fix: 2015_mlock_after_page_table_lock
fix: 2014_remap_file_pages_migration
fix: 2015_cluster_unmaps_mlocked
fix: 2015_cluster_mlock_in_exit
expect: mlock/lost:__munlock_pagevec

init
  m0 = mapping()
  v0 = vma(p0, 0..2, nonlinear, m0, flags=locked)
  v3 = vma(p1, 1..2, shared, m0, flags=locked)
  F0 = folio(m0, index=0, maps=p0, flags=lru)
  F1 = folio(m0, index=1, maps=p0|p1, flags=lru)

cpu0
  shrink_inactive_list(list=inactive_file)
cpu1
  munlock(p1, 1)

schedule
  cpu0 op1 until isolate_lru_page.folio_test_lru#2 then cpu1
