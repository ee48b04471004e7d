# foliofuzz repro v1
# Compaction of a dirty page somebody holds, before folios.
model: v4.15
fix: 2018_isolate_lru_page_mapping
fix: 2018_page_evictable_mapping
rcu_free: on
expect: clean

init
  m0 = mapping(aops=migrate_folio)
  F0 = folio(m0, index=0, flags=lru|dirty|uptodate)

cpu0
  get_and_hold(m0, 0)
cpu1
  compact(F0, nr=1, mode=async)
