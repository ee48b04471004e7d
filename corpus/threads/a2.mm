# foliofuzz repro v1
# Thread A, variant A2: the final fix under the page lock, with a third holder. page_evictable, which compaction
# reaches when it puts the page back, has its fix, too, and that needs inodes freed by RCU.
model: v4.15
bug: 2018_isolate_lru_page_fixed
fix: 2018_isolate_lru_page_mapping
fix: 2018_page_evictable_mapping
rcu_free: on
expect: clean

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru|dirty)

cpu0
  compact(F0, nr=1, mode=async)
cpu1
  get_and_hold(m0, 0)
  evict(m0)
