# foliofuzz repro v1
# Thread D, 22 March 2024: the scenario of ten steps, as the mail numbers them (0 to 10).
model: v6.8
verdict: impossible:8

init
  m0 = mapping()
  v0 = vma(p0, 3..4, shared, m0)
  F0 = folio(m0, index=3, flags=lru)

cpu0
  user_read(p0, 3)
cpu1
  truncate_inode_pages(m0, 3)
cpu2
  kill_bdev(m0)
cpu3
  madvise(p0, 3, advice=pageout)

claim exactly
  cpu0 until next_uptodate_folio.folio_try_get#1
  cpu1 until find_lock_entries.folio_raw_mapping#1
  cpu2 until find_get_entry.folio_try_get#2
  cpu1: page_cache_delete_batch.folio_clear_mapping#1
  cpu1 until release_pages.folio_put_testzero#1
  F0.ref = 1 /\ F0.mapping = NULL /\ m0.slot[3] = NULL /\ ~F0.locked
  cpu0: next_uptodate_folio.folio_try_get#1 [ref 1->2]
  cpu0: next_uptodate_folio.xas_reload#1 -> F0
  cpu0 until end
  p0.pte[3] = F0
  cpu3: folio_isolate_lru.folio_test_clear_lru#1 -> 1
  cpu1: release_pages.folio_put_testzero#1 -> 0
  cpu2: find_get_entry.folio_try_get#2 -> ok
