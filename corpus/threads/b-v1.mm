# foliofuzz repro v1
# Thread B, variant V1: private data move without their reference, and the old page is never freed.
model: v5.0
bug: 2018_iomap_private_left_behind
expect: refcount/leak:unmap_and_move

init
  m0 = mapping(aops=migrate_folio|writepages|iomap)
  v0 = vma(p0, 1..2, shared, m0)
  F0 = folio(m0, index=1, maps=p0, flags=lru|private)

cpu0
  migrate_page(p0, 1, mode=async)
