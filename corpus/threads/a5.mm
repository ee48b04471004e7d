# foliofuzz repro v1
# Thread A, variant A5: reference first, but the mapping is used without the page lock.
model: v6.5
bug: 2020_isolate_mapping_without_lock
expect: uaf/mapping:i_callback+isolate_migratepages_block

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru|dirty)

cpu0
  compact(F0, nr=1, mode=async)
cpu1
  evict(m0)

schedule
  cpu0 op1 until isolate_migratepages_block.mapping_aops#1 then cpu1
  cpu1 until end then rcu
