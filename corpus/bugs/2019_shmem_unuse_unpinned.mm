# foliofuzz repro v1
# cause: 2019_shmem_unuse_unpinned
model: v6.12
bug: 2019_shmem_unuse_unpinned
expect: uaf/mapping:i_callback+shmem_confirm_swap

init
  m0 = mapping(aops=migrate_folio|shmem)
  s0 = swap(m0, index=0)

cpu0
  swapoff()
cpu1
  evict(m0)
