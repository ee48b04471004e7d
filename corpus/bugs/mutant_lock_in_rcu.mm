# foliofuzz repro v1
# BUG: MMSAN: atomic-sleeping in folio_lock
# cause: mutant_lock_in_rcu
model: v6.12
bug: mutant_lock_in_rcu
expect: atomic/sleeping:folio_lock

init
  m0 = mapping()
  F0 = folio(m0, index=0)

cpu0
  truncate_inode_pages(m0, 0)
