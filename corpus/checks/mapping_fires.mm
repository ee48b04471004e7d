# foliofuzz repro v1
# BUG: MMSAN: unprotected-deref in isolate_migratepages_block
# cause: 2023_unmovable_unlocked_test
model: v6.12
bug: 2023_unmovable_unlocked_test
expect: mapping/unprotected-deref:isolate_migratepages_block

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru)

cpu0
  compact(F0, nr=1, mode=sync)
