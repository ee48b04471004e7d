# foliofuzz repro v1
# Thread B, variant V0: PG_private is set on a page without a reference for it, and nothing can be moved.
model: v5.0
bug: 2018_iomap_private_without_reference
expect: refcount/private-unowned

init
  m0 = mapping(aops=migrate_folio|writepages|iomap)
  v0 = vma(p0, 1..2, shared, m0)
  F0 = folio(m0, index=1, maps=p0, flags=lru|private)

cpu0
  migrate_page(p0, 1, mode=async)
