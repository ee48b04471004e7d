# foliofuzz repro v1
# Thread D, variant D1b: without xas_reload (stop 1), and the frame enters the file again at another index: its page
# is mapped where another belongs.
model: v6.8
bug: 2024_map_pages_no_reload
expect: pte/wrong-index:set_pte_range

init
  m0 = mapping()
  v0 = vma(p0, 3..4, shared, m0)
  F0 = folio(m0, index=3, flags=lru)

cpu0
  user_read(p0, 3)
cpu1
  truncate_inode_pages(m0, 3)
  filemap_add_folio(m0, 0)

schedule
  cpu0 op1 until next_uptodate_folio.folio_try_get#1 then cpu1
