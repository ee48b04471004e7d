# foliofuzz repro v1
# An unevictable but movable folio on v6.8.
model: v6.8
expect: clean

init
  m0 = mapping(aops=migrate_folio, flags=unevictable)
  F0 = folio(m0, index=0, flags=lru|unevictable|dirty)

cpu0
  compact(F0, nr=8, mode=sync)
cpu1
  evict(m0)
