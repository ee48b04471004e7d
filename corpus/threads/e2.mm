# foliofuzz repro v1
# Thread E, variant E2: as merged, the test under the lock, of unevictable pages only.
model: v6.8
bug: 2023_unmovable_merged
expect: clean

init
  m0 = mapping(flags=unevictable|unmovable)
  F0 = folio(m0, index=0, flags=lru|unevictable)

cpu0
  compact(F0, nr=1, mode=sync)
cpu1
  evict(m0)
