# foliofuzz repro v1
# A write through /proc/PID/mem: between its write fault and its second look MADV_DONTNEED drops the private copy.
# cause: 2016_dirty_cow
model: v6.12
bug: 2016_dirty_cow
expect: content/private-write:access_remote_vm

init
  m0 = mapping()
  v0 = vma(p0, 1..2, private, m0, flags=ro)

cpu0
  proc_mem(p0, 1, how=write)
cpu1
  madvise(p0, 1, advice=dontneed)

schedule
  cpu0 op1 until follow_page_pte.pte_offset_map_lock#2 then cpu1
