# foliofuzz repro v1
# BUG: MMSAN: unprotected-deref in filemap_fault
# cause: open_killed_fault_invalidate_lock
model: v6.12
bug: open_killed_fault_invalidate_lock
expect: mapping/unprotected-deref:filemap_fault

init
  m0 = mapping(aops=writepages)
  v0 = vma(p0, 0..1, shared, m0)

cpu0
  user_read(p0, 0)
cpu1
  invalidate_inode_pages2(m0, 0)
  send_sigkill(cpu0)

schedule
  cpu0 op1 until next_uptodate_folio.folio_try_get#1 then cpu1
