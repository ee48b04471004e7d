# foliofuzz repro v1
# Thread A, variant A6: as A0, but inodes are freed by RCU and the lru_lock, with its interrupts off, is a reader.
model: v4.15
fix: 2018_page_evictable_mapping
rcu_free: on
irqoff_is_reader: on
expect: clean

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru|dirty)

cpu0
  compact(F0, nr=1, mode=async)
cpu1
  get_and_hold(m0, 0)
  evict(m0)
