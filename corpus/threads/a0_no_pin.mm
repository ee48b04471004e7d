# foliofuzz repro v1
# Thread A, variant A0 without a third holder: the last put waits for the lru_lock, so the rule is broken but the
# inode stays; nothing under --checks actual once page_evictable is fixed.
model: v4.15
fix: 2018_page_evictable_mapping
rcu_free: on
expect: mapping/unprotected-deref:__isolate_lru_page

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru|dirty)

cpu0
  compact(F0, nr=1, mode=async)
cpu1
  evict(m0)
