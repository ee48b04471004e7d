# foliofuzz repro v1
# BUG: MMSAN: vmbug-mapped in filemap_unaccount_folio
# cause: mutant_mmap_shared_lock
model: v6.12
bug: mutant_mmap_shared_lock
expect: vmbug/mapped:filemap_unaccount_folio

init
  m0 = mapping()
  p1 = process()

cpu0
  mmap(p1, 0, what=m0_shared)
  truncate(m0, 0)
cpu1
  mmap(p0, 0, what=m0_shared)
  user_read(p0, 0)

schedule
  cpu0 op1 until vma_interval_tree_insert.set_i_mmap#1 then cpu1
