# foliofuzz repro v1
# A waiter that nobody wakes: some schedules show it.
model: v6.12
bug: mutant_forgotten_waiters

init
  m0 = mapping()
  F0 = folio(m0, index=0)

cpu0
  wait_on_folio(m0, 0, how=shared)
cpu1
  filemap_lock_folio(m0, 0)
