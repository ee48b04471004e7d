# foliofuzz repro v1
# BUG: MMSAN: null-mapping in op
# cause: 2018_isolate_lru_page_null_mapping
model: v4.15
bug: 2018_isolate_lru_page_null_mapping
fix: 2018_isolate_lru_page_mapping
expect: regress/null-mapping:compact_zone

init
  v0 = vma(p0, 0..4, anon)
  F1 = folio(p0, addr=0, flags=lru|swapbacked|dirty)

cpu0
  compact(F0, nr=2, mode=async)
