# foliofuzz repro v1
# BUG: MMSAN: wasted-isolation in compact_zone
# cause: 2023_unmovable_not_unevictable
model: v6.12
bug: 2023_unmovable_not_unevictable
expect: regress/wasted-isolation:compact_zone

init
  m0 = mapping(flags=unmovable)
  F0 = folio(m0, index=0, flags=lru)

cpu0
  compact(F0, nr=1, mode=async)
