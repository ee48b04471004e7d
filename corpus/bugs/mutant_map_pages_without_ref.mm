# foliofuzz repro v1
# BUG: MMSAN: pte-refs in filemap_map_pages
# cause: mutant_map_pages_without_ref
model: v6.12
bug: mutant_map_pages_without_ref
expect: rmap/pte-refs:filemap_map_pages

init
  m0 = mapping()
  v0 = vma(p0, 0..1, shared, m0)
  F0 = folio(m0, index=0)

cpu0
  gup_get(p0, 0, how=read)
