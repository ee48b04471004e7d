# foliofuzz repro v1
# Thread E, variant E4b: the same where inodes are freed without a grace period.
model: v6.5
bug: 2023_unmovable_rcu_test_no_grace
expect: uaf/mapping:evict+isolate_migratepages_block

init
  m0 = mapping(flags=unmovable)
  F0 = folio(m0, index=0, flags=lru)

cpu0
  compact(F0, nr=1, mode=sync)
cpu1
  evict(m0)

schedule
  cpu0 op1 until isolate_migratepages_block.mapping_unmovable#1 then cpu1
