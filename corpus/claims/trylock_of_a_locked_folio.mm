# foliofuzz repro v1
# Two CPUs have the folio locked at once.
model: v6.12
verdict: impossible:3

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru|uptodate)

cpu0
  filemap_lock_folio(m0, 0)
cpu1
  truncate_inode_pages(m0, 0)

claim
  cpu0: folio_trylock#1(F0) -> ok
  cpu0 until folio_unlock#1
  cpu1: folio_trylock#1(F0) -> ok
