# foliofuzz repro v1
# The twin of progress_fires: the same program without mutant_forgotten_waiters.
model: v6.12
expect: clean

init
  m0 = mapping()
  F0 = folio(m0, index=0)

cpu0
  truncate_inode_pages(m0, 0)
cpu2
  wait_on_folio(m0, 0, how=shared)

schedule
  cpu0 op1 until page_cache_delete_batch.folio_clear_mapping#1 then cpu1
