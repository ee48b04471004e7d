# foliofuzz repro v1
# BUG: MMSAN: use-after-free in evict / page_evictable
# cause: 2018_page_evictable_mapping
model: v4.14
expect: uaf/mapping:evict+page_evictable

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru)

cpu0
  compact(F0, nr=1, mode=sync)
cpu1
  evict(m0)

schedule
  cpu0 op1 until page_evictable.mapping_unevictable#1 then cpu1
