# foliofuzz repro v1
# Thread A, variant A4: reference first, then the lock, no lru_lock.
model: v6.5
bug: 2020_isolate_reference_first
expect: clean

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru|dirty)

cpu0
  compact(F0, nr=1, mode=async)
cpu1
  evict(m0)
