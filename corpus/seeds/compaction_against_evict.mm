# foliofuzz repro v1
# The shape of the 2018 race on a kernel that has the fix.
model: v6.12
expect: clean

init
  m0 = mapping(aops=migrate_folio)
  F0 = folio(m0, index=0, flags=lru|dirty|uptodate)

cpu0
  compact(F0, nr=1, mode=async)
cpu1
  evict(m0)
cpu2
  get_and_hold(m0, 0)
