# foliofuzz repro v1
# BUG: MMSAN: pte-unprepared in wp_page_reuse
# cause: 2009_mkwrite_returns_unlocked
# 1 preemption; no interleaving of this program with fewer preemptions shows this (exhausted).
model: v6.12
bug: 2009_mkwrite_returns_unlocked
expect: pte/unprepared:wp_page_reuse

init
  m0 = mapping(aops=writepages|page_mkwrite)
  v0 = vma(p0, 1..2, shared, m0)
  F0 = folio(m0, index=1, maps=p0)

cpu0
  user_write(p0, 1)
cpu1
  writeback(m0, mode=sync)

schedule
  cpu0 op1 until finish_mkwrite_fault.pte_offset_map_lock#1 then cpu1
