# foliofuzz repro v1
# An inode dies with a page in it, v4.14.
model: v4.14

init
  m0 = mapping()
  F0 = folio(m0, index=0)

cpu0
  filemap_lock_folio(m0, 0)
cpu1
  evict(m0)
