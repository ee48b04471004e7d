# foliofuzz repro v1
model: v6.12
bug: mutant_no_xas_reload
expect: audit/unverified-lookup

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru|uptodate)

cpu0
  filemap_lock_folio(m0, 0)
