# foliofuzz repro v1
# BUG: MMSAN: folio-lock-freed in isolate_migratepages_block / truncate_inode_pages_final
# cause: 2020_isolate_trylock_before_get
model: v6.12
bug: 2020_isolate_trylock_before_get
expect: folio_lock/freed:isolate_migratepages_block+truncate_inode_pages_final

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru|dirty)

cpu0
  compact(F0, nr=1, mode=async)
cpu1
  evict(m0)

schedule
  cpu0 op1 until isolate_migratepages_block.folio_trylock#1 then cpu1
