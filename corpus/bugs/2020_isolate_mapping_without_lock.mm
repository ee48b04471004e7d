# foliofuzz repro v1
# BUG: MMSAN: use-after-free in i_callback / isolate_migratepages_block
# cause: 2020_isolate_mapping_without_lock
model: v6.12
bug: 2020_isolate_mapping_without_lock
expect: uaf/mapping:i_callback+isolate_migratepages_block

init
  m0 = mapping(flags=unmovable)
  F0 = folio(m0, index=0, flags=lru)

cpu0
  compact(F0, nr=1, mode=sync)
cpu1
  evict(m0)

schedule
  cpu0 op1 until isolate_migratepages_block.mapping_unmovable#1 then cpu1
  cpu1 until end then rcu
