# foliofuzz repro v1
# BUG: MMSAN: no-ref in isolate_migratepages_block
# cause: mutant_clear_lru_before_get
model: v6.12
bug: mutant_clear_lru_before_get
expect: lru/no-ref:isolate_migratepages_block

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru)

cpu0
  compact(F0, nr=1, mode=sync)
