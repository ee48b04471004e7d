# foliofuzz repro v1
# BUG: MMSAN: no-private in drop_buffers
# cause: 2006_strip_without_recheck
# 1 preemption; no interleaving of this program with fewer preemptions shows this (exhausted).
model: v6.12
bug: 2006_strip_without_recheck
expect: vmbug/no-private:drop_buffers

init
  m0 = mapping(aops=writepages|buffers)
  F0 = folio(m0, index=0, flags=lru|active|private)

cpu0
  shrink_active_list(list=active_file_strip)
cpu1
  truncate_inode_pages(m0, 0)

schedule
  cpu0 op1 until shrink_active_list.folio_trylock#1 then cpu1
