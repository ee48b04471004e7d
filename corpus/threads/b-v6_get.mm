# foliofuzz repro v1
# Thread B, variant V6: the new page gets no reference for private data.
model: v5.0
bug: mutant_iomap_migrate_without_get
expect: refcount/put-unowned:folio_putback_lru+iomap_page_release

init
  m0 = mapping(aops=migrate_folio|writepages|iomap)
  v0 = vma(p0, 1..2, shared, m0)
  F0 = folio(m0, index=1, maps=p0, flags=lru|private)

cpu0
  migrate_page(p0, 1, mode=async)
  try_to_release_page(m0, 1)
