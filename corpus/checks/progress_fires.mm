# foliofuzz repro v1
# BUG: MMSAN: lost-wakeup in folio_wait_locked
# cause: mutant_forgotten_waiters
model: v6.12
bug: mutant_forgotten_waiters
expect: progress/lost-wakeup:folio_wait_locked

init
  m0 = mapping()
  F0 = folio(m0, index=0)

cpu0
  truncate_inode_pages(m0, 0)
cpu2
  wait_on_folio(m0, 0, how=shared)

schedule
  cpu0 op1 until page_cache_delete_batch.folio_clear_mapping#1 then cpu1
