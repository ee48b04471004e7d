# foliofuzz repro v1
# cause: 2006_dirty_lock_syncs_page
model: v6.12
bug: 2006_dirty_lock_syncs_page
expect: uaf/mapping:i_callback+sync_page

init
  m0 = mapping()
  v0 = vma(p0, 0..1, shared, m0)

cpu0
  gup_pin(p0, 0, how=fast_write)
  unpin(how=dirty)
cpu1
  munmap(p0, 0)
  evict(m0)

schedule
  cpu0 op2 until sync_page.mapping_aops#1 then cpu1
  cpu0 op2 until unpin_user_pages_dirty_lock.folio_test_dirty#1 then cpu1
  cpu1 op2 until page_cache_delete_batch.folio_clear_mapping#1 then cpu0
  cpu1 until end then rcu
