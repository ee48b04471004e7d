# foliofuzz repro v1
# BUG: MMSAN: use-after-free in free_pages_prepare
# cause: mutant_touch_after_put
model: v6.12
bug: mutant_touch_after_put
expect: uaf/folio:free_pages_prepare

init
  m0 = mapping()
  F0 = folio(m0, index=0)

cpu0
  filemap_lock_folio(m0, 0)
cpu1
  truncate_inode_pages(m0, 0)

schedule
  cpu0 op1 until folio_put.folio_put_testzero#1 then cpu1
