# foliofuzz repro v1
# BUG: MMSAN: badpage-active in isolate_migratepages_block / memory_failure
# cause: mutant_active_at_free
model: v6.12
bug: mutant_active_at_free
expect: badpage/active:isolate_migratepages_block+memory_failure

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru|active)

cpu0
  memory_failure(F0)
cpu2
  compact(F0, nr=1, mode=sync)

schedule
  cpu0 op1 until iput.spin_lock#1 then cpu1
