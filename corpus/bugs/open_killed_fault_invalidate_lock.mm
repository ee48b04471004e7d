# foliofuzz repro v1
# BUG: MMSAN: unprotected-deref in filemap_fault
# cause: open_killed_fault_invalidate_lock
model: v6.12
bug: open_killed_fault_invalidate_lock
expect: mapping/unprotected-deref:filemap_fault

init
  m0 = mapping(aops=writepages)
  v4 = vma(p1, 3..4, shared, m0)

cpu0
  gup_pin(p1, 3, how=fast)
cpu1
  send_sigkill(cpu0)
