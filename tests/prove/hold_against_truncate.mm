# foliofuzz repro v1
# A reference that is kept if it was taken before the page was truncated.
model: v6.12

init
  m0 = mapping()
  F0 = folio(m0, index=0)

cpu0
  get_and_hold(m0, 0)
cpu1
  truncate_inode_pages(m0, 0)
