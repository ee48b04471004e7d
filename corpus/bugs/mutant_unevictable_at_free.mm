# foliofuzz repro v1
# BUG: MMSAN: badpage-unevictable in memory_failure
# cause: mutant_unevictable_at_free
model: v6.12
bug: mutant_unevictable_at_free
expect: badpage/unevictable:memory_failure

init
  m0 = mapping(flags=unmovable)
  F0 = folio(m0, index=0, flags=lru)

cpu0
  memory_failure(F0)
