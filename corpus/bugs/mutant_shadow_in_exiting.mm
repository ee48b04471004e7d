# foliofuzz repro v1
# BUG: MMSAN: shadow-exiting in page_cache_delete
# cause: mutant_shadow_in_exiting
model: v6.12
bug: mutant_shadow_in_exiting
expect: pagecache/shadow-exiting:page_cache_delete

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru|active)

cpu0
  reclaim()
  evict(m0)
cpu1
  reclaim()

schedule
  cpu0 op2 until find_get_entry.xas_find#1 then cpu1
