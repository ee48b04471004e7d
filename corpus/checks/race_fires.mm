# foliofuzz repro v1
# BUG: MMSAN: unguarded-load in vma_interval_tree_insert
# cause: mutant_mmap_unlocked
model: v6.12
bug: mutant_mmap_unlocked
expect: race/unguarded-load:vma_interval_tree_insert

init
  m0 = mapping()

cpu0
  mmap(p0, 0, what=m0_shared)
