# foliofuzz repro v1
# BUG: MMSAN: use-after-free in filemap_free_folio / i_callback
# cause: open_free_folio_after_detach
model: v6.12
bug: open_free_folio_after_detach
expect: uaf/mapping:filemap_free_folio+i_callback

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru)

cpu0
  memory_failure(F0)
cpu1
  evict(m0)

schedule
  cpu0 op1 until filemap_free_folio.mapping_aops#1 then cpu1
  cpu1 until end then rcu
