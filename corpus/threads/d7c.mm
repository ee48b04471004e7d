# foliofuzz repro v1
# Thread D, variant D7c: as D7, with a reference tried for before PG_lru is cleared.
model: v6.8
bug: 2024_isolate_without_reference
bug: 2024_isolate_try_get_first
expect: clean

init
  m0 = mapping()
  v0 = vma(p0, 3..4, shared, m0)
  F0 = folio(m0, index=3, maps=p0, flags=lru)

cpu0
  truncate_inode_pages(m0, 3)
cpu1
  madvise(p0, 3, advice=pageout)
