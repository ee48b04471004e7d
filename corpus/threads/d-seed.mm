# foliofuzz repro v1
# Thread D, the claim of 2024: fault-around (cpu0) and the second pass of another truncation (cpu2) have read the
# slot when truncation (cpu1) takes the page out; fault-around is said to map it, pageout advice (cpu3) to isolate
# it, and the second pass to put a reference too many. xas_reload stops both.
model: v6.8
expect: clean

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

schedule
  cpu0 op1 until next_uptodate_folio.folio_try_get#1 then cpu1
  cpu0 until end then cpu3
  cpu1 op1 until find_lock_entries.folio_raw_mapping#1 then cpu2
  cpu1 op1 until release_pages.folio_put_testzero#1 then cpu0
  cpu2 op1 until find_get_entry.folio_try_get#2 then cpu1
  cpu3 op1 until folio_isolate_lru.spin_lock_irq#1 then cpu1
