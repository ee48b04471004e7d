# foliofuzz repro v1
# Reclaim freezes a folio that a lookup holds.
model: v6.12
verdict: impossible:3

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru|uptodate)

cpu0
  filemap_get_entry(m0, 0)
cpu1
  shrink_inactive_list(list=inactive_file)

claim
  cpu0: filemap_get_entry.folio_try_get#1(F0) -> ok
  cpu0 until folio_put#1(F0)
  cpu1: folio_ref_freeze#1(F0) -> ok
