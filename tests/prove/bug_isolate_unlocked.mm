# foliofuzz repro v1
# A list is changed without its lock: every schedule shows it.
model: v6.8
bug: mutant_isolate_unlocked

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru)

cpu0
  isolate_and_hold(m0, 0)
cpu1
  get_and_hold(m0, 0)
