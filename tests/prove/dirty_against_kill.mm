# foliofuzz repro v1
# A signal to a task that does not look at it.
model: v6.12

init
  m0 = mapping()
  F0 = folio(m0, index=0)

cpu0
  folio_mark_dirty(m0, 0)
cpu1
  send_sigkill(cpu0)
