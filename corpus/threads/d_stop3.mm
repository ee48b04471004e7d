# foliofuzz repro v1
# Thread D, stop 3 removed alone: next_uptodate_folio does not look at i_size. Truncation meets the page locked or
# mapped.
model: v6.8
bug: 2024_map_pages_no_size_check
expect: clean

init
  m0 = mapping()
  v0 = vma(p0, 3..4, shared, m0)
  F0 = folio(m0, index=3, flags=lru)

cpu0
  truncate(m0, 3)
cpu1
  user_read(p0, 3)
