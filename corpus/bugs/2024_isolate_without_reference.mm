# foliofuzz repro v1
# cause: 2024_isolate_without_reference
model: v6.8
bug: 2024_isolate_without_reference
expect: lru/corrupt:release_pages

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
  cpu0 op1 until folio_isolate_lru.folio_test_clear_lru#1 then cpu1
  cpu1 op1 until __page_cache_release.folio_test_lru#1 then cpu0
