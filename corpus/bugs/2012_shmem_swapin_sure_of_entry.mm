# foliofuzz repro v1
# cause: 2012_shmem_swapin_sure_of_entry
model: v6.12
bug: 2012_shmem_swapin_sure_of_entry
expect: vmbug/swap-map:shmem_swapin_folio

init
  m0 = mapping(aops=migrate_folio|shmem)
  s1 = swap(m0, index=1)

cpu0
  filemap_read(m0, 1)
cpu1
  punch_hole(m0, 1)

schedule
  cpu0 op1 until folio_wait_writeback.folio_test_writeback#1 then cpu1
