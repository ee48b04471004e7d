# foliofuzz repro v1
# BUG: MMSAN: unguarded-store in vma_interval_tree_insert
# cause: mutant_mmap_shared_lock
model: v6.12
bug: mutant_mmap_shared_lock
expect: race/unguarded-store:vma_interval_tree_insert

init
  m0 = mapping()

cpu0
  mmap(p0, 0, what=m0_shared)
