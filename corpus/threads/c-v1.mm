# foliofuzz repro v1
# Thread C, variant V1: it tries the page lock and mlocks in any case; whoever had the lock has dropped it.
model: v3.13
bug: 2014_cluster_we_locked
fix: 2014_cluster_mlocks_unlocked
fix: 2017_munlock_pagevec_count
fix: 2015_migration_loses_mlocked
fix: 2015_mlock_after_page_table_lock
expect: vmbug/not-locked:mlock_vma_page

init
  m0 = mapping()
  v0 = vma(p0, 0..2, nonlinear, m0, flags=locked)
  F0 = folio(m0, index=0, maps=p0, flags=lru)
  F1 = folio(m0, index=1, maps=p0)

cpu0
  shrink_inactive_list(list=inactive_file)
cpu1
  filemap_lock_folio(m0, 1)
