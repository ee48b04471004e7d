# foliofuzz repro v1
# Thread A, variant A1: as first posted, the fix refuses a dirty page without a mapping, here an anonymous one.
model: v4.15
bug: 2018_isolate_lru_page_null_mapping
fix: 2018_isolate_lru_page_mapping
expect: regress/null-mapping:compact_zone

init
  v0 = vma(p0, 0..1, anon)
  F0 = folio(p0, addr=0, flags=lru|swapbacked|dirty)

cpu0
  compact(F0, nr=1, mode=async)
