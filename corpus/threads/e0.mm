# foliofuzz repro v1
# Thread E, variant E0: compaction tests AS_UNMOVABLE of the mapping of an unlocked page.
model: v6.5
bug: 2023_unmovable_unlocked_test
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
