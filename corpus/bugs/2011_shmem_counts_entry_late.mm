# foliofuzz repro v1
# cause: 2011_shmem_counts_entry_late
model: v6.12
bug: 2011_shmem_counts_entry_late
expect: swap/underflow:__swap_entry_free_locked

init
  m0 = mapping(aops=migrate_folio|shmem)
  F0 = folio(m0, index=0, flags=lru|swapbacked|dirty)

cpu0
  reclaim()
cpu1
  truncate(m0, 0)

schedule
  cpu0 op1 until folio_put_refs.folio_ref_sub_and_test#1 then cpu1
