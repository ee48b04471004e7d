# foliofuzz repro v1
# Thread E, variant E5: an unmovable mapping that is not unevictable is isolated in vain.
model: v6.8
bug: 2023_unmovable_not_unevictable
expect: regress/wasted-isolation:compact_zone

init
  m0 = mapping(flags=unmovable)
  F0 = folio(m0, index=0, flags=lru)

cpu0
  compact(F0, nr=1, mode=async)
