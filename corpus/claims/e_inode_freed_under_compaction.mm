# foliofuzz repro v1
# Thread E, 2023: compaction asks an unlocked page's mapping for AS_UNMOVABLE; the inode is freed meanwhile.
model: v6.5
bug: 2023_unmovable_unlocked_test
verdict: possible

init
  m0 = mapping(flags=unmovable)
  F0 = folio(m0, index=0, flags=lru)

cpu0
  compact(F0, nr=1, mode=sync)
cpu1
  evict(m0)

claim
  cpu0 until isolate_migratepages_block.mapping_unmovable#1
  cpu1 until end
  rcu: i_callback.kmem_cache_free#1
  cpu0: isolate_migratepages_block.mapping_unmovable#1
