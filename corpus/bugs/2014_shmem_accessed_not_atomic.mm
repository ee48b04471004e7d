# foliofuzz repro v1
# BUG: MMSAN: na-lost in shmem_get_folio_gfp
# cause: 2014_shmem_accessed_not_atomic
# 1 preemption; no interleaving of this program with fewer preemptions shows this (exhausted).
model: v6.12
bug: 2014_shmem_accessed_not_atomic
expect: folio_lock/na-lost:shmem_get_folio_gfp

init
  m0 = mapping(aops=migrate_folio|shmem)
  F0 = folio(m0, index=0, flags=swapbacked)

cpu0
  filemap_write(m0, 0)
cpu1
  filemap_read(m0, 0)

schedule
  cpu0 op1 until shmem_get_folio_gfp.__folio_set_referenced#2 then cpu1
