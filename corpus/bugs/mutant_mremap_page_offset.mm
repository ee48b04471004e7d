# foliofuzz repro v1
# BUG: MMSAN: rmap-placement in move_page_tables
# cause: mutant_mremap_page_offset
model: v6.12
bug: mutant_mremap_page_offset
expect: rmap/placement:move_page_tables

init
  m0 = mapping()
  v2 = vma(p0, 3..4, private, m0)
  F0 = folio(m0, index=3, maps=p0)

cpu0
  mremap(p0, 3, 0)
