# foliofuzz repro v1
# cause: 2018_uffd_shmem_beyond_size
model: v6.12
bug: 2018_uffd_shmem_beyond_size
expect: pagecache/mapped-beyond:op

init
  m0 = mapping(aops=migrate_folio|shmem)
  v0 = vma(p0, 0..1, shared, m0)

cpu0
  uffd_copy(p0, 0)
cpu1
  truncate(m0, 0)

schedule
  cpu0 op1 until shmem_add_to_page_cache.folio_ref_add#1 then cpu1
