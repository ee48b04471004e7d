# foliofuzz repro v1
# Thread D, variant D7b: as D7, with the unconditional reference of fix action 1 before PG_lru is cleared.
model: v6.8
bug: 2024_isolate_without_reference
bug: 2024_isolate_get_first
expect: refcount/get-zero:folio_isolate_lru+release_pages

init
  m0 = mapping()
  v0 = vma(p0, 3..4, shared, m0)
  F0 = folio(m0, index=3, maps=p0, flags=lru)

cpu0
  madvise(p0, 3, advice=pageout)
cpu1
  truncate_inode_pages(m0, 3)

schedule
  cpu0 op1 until folio_isolate_lru.folio_get#1 then cpu1
