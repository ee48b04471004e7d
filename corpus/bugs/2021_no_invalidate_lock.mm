# foliofuzz repro v1
# BUG: MMSAN: lost-data in truncate_cleanup_folio
# cause: 2021_no_invalidate_lock
# 1 preemption; no interleaving of this program with fewer preemptions shows this (exhausted).
model: v6.12
bug: 2021_no_invalidate_lock
expect: content/lost-data:truncate_cleanup_folio

init
  m0 = mapping(aops=writepages)
  F0 = folio(m0, index=0)

cpu0
  punch_hole(m0, 0)
cpu1
  filemap_read(m0, 0)

schedule
  cpu0 op1 until truncate_pagecache_range.discard_block#1 then cpu1
  cpu1 op1 until blocked#1 then io
