# foliofuzz repro v1
# A put is the last one while the page cache still has the folio.
model: v6.12
verdict: impossible:2

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru|uptodate)

cpu0
  filemap_get_entry(m0, 0)
cpu1
  truncate_inode_pages(m0, 0)

claim
  cpu0: folio_put_testzero#1(F0) -> 1
  m0.slot[0] = F0
