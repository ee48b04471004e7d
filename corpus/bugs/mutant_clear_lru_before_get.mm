# foliofuzz repro v1
# BUG: MMSAN: lru-corrupt in invalidate_mapping_pages
# cause: mutant_clear_lru_before_get
model: v6.12
bug: mutant_clear_lru_before_get
expect: lru/corrupt:invalidate_mapping_pages

init
  m0 = mapping(flags=unmovable)
  F1 = folio(m0, index=0, flags=lru)

cpu0
  compact(F0, nr=2, mode=sync)
  invalidate_mapping_pages(m0)
