# foliofuzz repro v1
# BUG: MMSAN: get-zero in isolate_migratepages_block / truncate_inode_pages_final
# cause: mutant_get_not_try_get
model: v6.12
bug: mutant_get_not_try_get
expect: refcount/get-zero:isolate_migratepages_block+truncate_inode_pages_final

init
  m0 = mapping()
  F1 = folio(m0, index=0, flags=lru)

cpu0
  compact(F0, nr=2, mode=sync)
cpu2
  evict(m0)

schedule
  cpu0 op1 until isolate_migratepages_block.folio_get#1 then cpu1
