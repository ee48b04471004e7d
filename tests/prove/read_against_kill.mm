# foliofuzz repro v1
# A read sleeps until its I/O is done, or until a signal comes.
model: v6.12

init
  m0 = mapping()
  F0 = folio(m0, index=0)

cpu0
  filemap_read(m0, 0)
cpu1
  send_sigkill(cpu0)
