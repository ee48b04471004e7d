# foliofuzz repro v1
# Drains of every CPU: work items, and a mutex to sleep on.
model: v6.12

init
  m0 = mapping()

cpu0
  lru_add_drain_all()
cpu1
  lru_add_drain_all()
