# foliofuzz repro v1
# BUG: MMSAN: use-after-free in __isolate_lru_page / evict
# cause: 2018_isolate_lru_page_mapping
model: v4.14
expect: uaf/mapping:__isolate_lru_page+evict

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru|dirty)

cpu0
  compact(F0, nr=1, mode=async)
cpu1
  get_and_hold(m0, 0)
  evict(m0)

schedule
  cpu0 op1 until __isolate_lru_page.mapping_aops#1 then cpu1
