# foliofuzz repro v1
# Thread C, variant V0: try_to_unmap_cluster mlocks every page of a VM_LOCKED nonlinear VMA, though only one is locked.
model: v3.13
fix: 2017_munlock_pagevec_count
fix: 2015_migration_loses_mlocked
fix: 2015_mlock_after_page_table_lock
fix: 2014_remap_file_pages_migration
fix: 2015_cluster_unmaps_mlocked
fix: 2015_cluster_mlock_in_exit
expect: vmbug/not-locked:mlock_vma_page

init
  m0 = mapping()
  v0 = vma(p0, 0..2, nonlinear, m0, flags=locked)
  F0 = folio(m0, index=0, maps=p0, flags=lru)
  F1 = folio(m0, index=1, maps=p0)

cpu0
  shrink_inactive_list(list=inactive_file)
