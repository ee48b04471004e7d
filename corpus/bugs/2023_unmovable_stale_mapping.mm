# foliofuzz repro v1
# BUG: MMSAN: use-after-free in i_callback / isolate_migratepages_block
# cause: 2023_unmovable_stale_mapping
model: v6.12
bug: 2023_unmovable_stale_mapping
expect: uaf/mapping:i_callback+isolate_migratepages_block

init
  m0 = mapping(flags=unmovable)
  F0 = folio(m0, index=0, flags=lru)

cpu0
  compact(F0, nr=1, mode=sync)
cpu2
  evict(m0)

schedule
  cpu0 op1 until isolate_migratepages_block.folio_test_unevictable#1 then cpu1
  cpu0 op1 until isolate_migratepages_block.mapping_unmovable#1 then rcu
