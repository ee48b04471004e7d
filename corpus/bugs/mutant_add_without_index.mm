# foliofuzz repro v1
# BUG: MMSAN: slot-mapping in filemap_add_folio
# cause: mutant_add_without_index
model: v6.12
bug: mutant_add_without_index
expect: pagecache/slot-mapping:filemap_add_folio

init
  m0 = mapping()
  v1 = vma(p0, 2..3, shared, m0)

cpu0
  gup_get(p0, 2, how=read)
