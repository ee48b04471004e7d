# foliofuzz repro v1
# What is left at the end is found there.
model: v6.8
bug: mutant_batch_left_behind

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru)

cpu0
  isolate_and_hold(m0, 0)
cpu1
  get_and_hold(m0, 0)
