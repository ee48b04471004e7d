# foliofuzz repro v1
# The twin of mapping_fires: the same program without 2023_unmovable_unlocked_test.
model: v6.12
expect: clean

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru)

cpu0
  compact(F0, nr=1, mode=sync)
