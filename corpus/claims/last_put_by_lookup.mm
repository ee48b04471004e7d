# foliofuzz repro v1
# A lookup that lost against truncation drops the last reference.
model: v6.12
verdict: possible

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru|uptodate)

cpu0
  filemap_get_entry(m0, 0)
cpu1
  truncate_inode_pages(m0, 0)

claim
  cpu0: filemap_get_entry.folio_try_get#1(F0) -> ok
  cpu1 until end
  F0.ref = 1 /\ m0.slot[0] = NULL
  cpu0: folio_put_testzero#1(F0) -> 1
