# foliofuzz repro v1
# Thread A, variant A7: page_evictable dereferences the mapping without RCU when an isolated page is put back.
model: v4.15
expect: uaf/mapping:evict+page_evictable

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru)

cpu0
  isolate_and_hold(m0, 0)
  putback_held()
cpu1
  evict(m0)

schedule
  cpu0 op2 until page_evictable.mapping_unevictable#1 then cpu1
