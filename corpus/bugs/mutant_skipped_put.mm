# foliofuzz repro v1
# BUG: MMSAN: refcount-leak in invalidate_mapping_pages
# cause: mutant_skipped_put
model: v6.12
bug: mutant_skipped_put
expect: refcount/leak:invalidate_mapping_pages

init
  m0 = mapping()
  F0 = folio(m0, index=0)

cpu0
  invalidate_mapping_pages(m0)
cpu1
  invalidate_mapping_pages(m0)

schedule
  cpu0 op1 until find_lock_entries.folio_test_writeback#1 then cpu1
