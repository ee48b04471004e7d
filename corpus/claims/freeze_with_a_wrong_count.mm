# foliofuzz repro v1
# Reclaim freezes a folio with a count of 1, as if the page cache were the only holder.
model: v6.12
verdict: impossible:1

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru|uptodate)

cpu0
  filemap_get_entry(m0, 0)
cpu1
  shrink_inactive_list(list=inactive_file)

claim
  cpu1: folio_ref_freeze#1(F0, 1) -> ok
