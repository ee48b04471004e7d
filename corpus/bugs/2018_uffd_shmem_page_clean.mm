# foliofuzz repro v1
# cause: 2018_uffd_shmem_page_clean
model: v6.12
bug: 2018_uffd_shmem_page_clean
expect: content/lost-data:mfill_atomic_install_pte+page_cache_delete

init
  m0 = mapping(aops=migrate_folio|shmem)
  v0 = vma(p0, 0..1, shared, m0, flags=ro)

cpu0
  uffd_copy(p0, 0)
  lru_add_drain()
cpu1
  reclaim()
  reclaim()
