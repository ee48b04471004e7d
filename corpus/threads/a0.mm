# foliofuzz repro v1
# Thread A, variant A0: asynchronous compaction dereferences the mapping of a dirty page while a third holder lets
# the inode be evicted.
model: v4.15
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
