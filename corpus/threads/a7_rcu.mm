# foliofuzz repro v1
# Thread A, variant A7 with its fix: the RCU section protects where inodes are freed by RCU.
model: v4.15
fix: 2018_page_evictable_mapping
rcu_free: on
expect: clean

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru)

cpu0
  isolate_and_hold(m0, 0)
  putback_held()
cpu1
  evict(m0)
