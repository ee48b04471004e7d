# foliofuzz repro v1
# Thread E, variant E3: the page is locked, but the mapping is the one read before.
model: v6.8
bug: 2023_unmovable_stale_mapping
expect: uaf/mapping:i_callback+isolate_migratepages_block

init
  m0 = mapping(flags=unevictable|unmovable)
  F0 = folio(m0, index=0, flags=lru|unevictable)

cpu0
  compact(F0, nr=1, mode=sync)
cpu1
  evict(m0)

schedule
  cpu0 op1 until isolate_migratepages_block.folio_trylock#1 then cpu1
  cpu1 until end then rcu
