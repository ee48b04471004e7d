# foliofuzz repro v1
model: v6.12
expect: clean

init
  m0 = mapping(flags=unmovable)

cpu0
  lru_add_drain()
