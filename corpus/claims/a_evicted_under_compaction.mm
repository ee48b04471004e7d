# foliofuzz repro v1
# Thread A, 2018: the mapping of a page without a lock. While compaction looks at it, its inode is evicted.
model: v4.15
verdict: possible

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru|dirty)

cpu0
  compact(F0, nr=1, mode=async)
cpu1
  get_and_hold(m0, 0)
  evict(m0)

claim
  cpu0 until __isolate_lru_page.mapping_aops#1
  cpu1 until end
  m0.freeing /\ F0.mapping = NULL
  cpu0: __isolate_lru_page.mapping_aops#1
