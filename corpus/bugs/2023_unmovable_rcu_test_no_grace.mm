# foliofuzz repro v1
# BUG: MMSAN: use-after-free in evict / isolate_migratepages_block
# cause: 2023_unmovable_rcu_test_no_grace
model: v6.12
bug: 2023_unmovable_rcu_test_no_grace
expect: uaf/mapping:evict+isolate_migratepages_block

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru)

cpu0
  compact(F0, nr=1, mode=sync)
cpu1
  evict(m0)

schedule
  cpu0 op1 until isolate_migratepages_block.mapping_unmovable#1 then cpu1
