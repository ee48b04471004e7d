# foliofuzz repro v1
# Whoever waits for a folio lock may find the mapping gone.
model: v6.12
verdict: possible

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru|uptodate)

cpu0
  filemap_lock_folio(m0, 0)
cpu1
  truncate_inode_pages(m0, 0)

claim
  cpu1: folio_trylock#1(F0) -> ok
  cpu0: filemap_get_entry.xas_reload#1 -> F0
  cpu0 until blocked
  cpu1: folio_clear_mapping#1(F0)
  cpu0: __filemap_get_folio.folio_raw_mapping#1 -> NULL
  F0.locked
