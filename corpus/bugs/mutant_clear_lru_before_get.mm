# foliofuzz repro v1
# BUG: MMSAN: lru-stranded in op
# cause: mutant_clear_lru_before_get
model: v6.12
bug: mutant_clear_lru_before_get
expect: lru/stranded:op

init
  m0 = mapping(flags=unmovable)
  F0 = folio(m0, index=0, flags=lru)

cpu0
  compact(F0, nr=1, mode=sync)
