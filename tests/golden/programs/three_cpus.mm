# foliofuzz repro v1
# Thread A, variant A0, with the pin, the eviction and the isolation on CPUs of their own: three columns, in the order of
# the interleaving that was drawn in the thread.
model: v4.15
bug: 2018_isolate_lru_page_mapping
expect: uaf/mapping:__isolate_lru_page+evict

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru|dirty)

cpu0
  get_and_hold(m0, 0)
cpu1
  evict(m0)
cpu2
  compact(F0, nr=1, mode=async)

schedule
  cpu1 op1 until __folio_cancel_dirty.folio_test_clear_dirty#1 then cpu2
  cpu2 op1 until __isolate_lru_page.folio_mapping#1 then cpu1
  cpu1 op1 until page_cache_delete_batch.folio_clear_mapping#1 then cpu2
  cpu2 op1 until __isolate_lru_page.mapping_aops#1 then cpu1
