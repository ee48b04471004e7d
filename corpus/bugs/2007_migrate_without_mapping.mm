# foliofuzz repro v1
# BUG: MMSAN: null-deref in rmap_walk_file
# cause: 2007_migrate_without_mapping
# 1 preemption; no interleaving of this program with fewer preemptions shows this (exhausted).
model: v6.12
bug: 2007_migrate_without_mapping
expect: uaf/null-deref:rmap_walk_file

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru)

cpu0
  kill_bdev(m0)
cpu1
  migrate_folio(m0, 0, mode=sync)

schedule
  cpu0 op1 until page_cache_delete_batch.xas_store#1 then cpu1
