# foliofuzz repro v1
# BUG: MMSAN: vmbug-mapped in filemap_unaccount_folio
# cause: 2007_shmem_second_pass_mapped
# 1 preemption; no interleaving of this program with fewer preemptions shows this (exhausted).
model: v6.12
bug: 2007_shmem_second_pass_mapped
expect: vmbug/mapped:filemap_unaccount_folio

init
  m0 = mapping(aops=migrate_folio|shmem)
  v0 = vma(p0, 0..1, shared, m0)

cpu0
  punch_hole(m0, 0)
cpu1
  user_read(p0, 0)

schedule
  cpu0 op1 until zap_pte_range.ptep_get#1 then cpu1
