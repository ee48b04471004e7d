# foliofuzz repro v1
# Thread D, its first five steps, in any order: a folio that truncation has removed passes xas_reload().
model: v6.8
verdict: impossible:4

init
  m0 = mapping()
  v0 = vma(p0, 3..4, shared, m0)
  F0 = folio(m0, index=3, flags=lru)

cpu0
  user_read(p0, 3)
cpu1
  truncate_inode_pages(m0, 3)

claim
  cpu1 until release_pages.folio_put_testzero#1
  m0.slot[3] = NULL
  cpu0: next_uptodate_folio.folio_try_get#1(F0) -> ok
  cpu0: next_uptodate_folio.xas_reload#1 -> F0
