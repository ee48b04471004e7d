# foliofuzz repro v1
model: v6.12
bug: 2023_unmovable_not_unevictable
expect: regress/unmovable-not-unevictable

init
  m0 = mapping(flags=unmovable)

cpu0
  lru_add_drain()
