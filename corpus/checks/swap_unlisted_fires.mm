# foliofuzz repro v1
# cause: 2011_shmem_peeks_at_swaplist
model: v6.12
bug: 2011_shmem_peeks_at_swaplist
expect: swap/unlisted:shmem_delete_from_page_cache

init
  m0 = mapping(aops=migrate_folio|shmem)
  F0 = folio(m0, index=0, flags=lru|swapbacked|dirty)
  s1 = swap(m0, index=1)

cpu0
  punch_hole(m0, 1)
  reclaim()
cpu1
  swapoff()

schedule
  cpu0 op2 until add_to_swap_cache.folio_ref_add#1 then cpu1
