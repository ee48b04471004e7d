# foliofuzz repro v1
# BUG: MMSAN: get-zero in isolate_lru_folios / truncate_inode_pages_final
# cause: 2006_scan_raises_from_zero
# 1 preemption; no interleaving of this program with fewer preemptions shows this (exhausted).
model: v6.12
bug: 2006_scan_raises_from_zero
expect: refcount/get-zero:isolate_lru_folios+truncate_inode_pages_final

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru)

cpu0
  shrink_inactive_list(list=inactive_file)
cpu1
  evict(m0)

schedule
  cpu0 op1 until isolate_lru_folios.lruvec_list#1 then cpu1
