# foliofuzz repro v1
# BUG: MMSAN: lost-data in op
# cause: mutant_unmap_loses_dirty
model: v6.12
bug: mutant_unmap_loses_dirty
expect: content/lost-data:op

init
  v2 = vma(p0, 3..4, anon)
  F0 = folio(p0, addr=3, flags=lru|swapbacked)

cpu0
  fork(p0)
  madvise(p0, 3, advice=free)
  shrink_inactive_list(list=inactive_anon)
cpu1
  shrink_inactive_list(list=inactive_file)
