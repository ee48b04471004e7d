# foliofuzz repro v1
# Exclusive waiters, hand-off, and a waiter that drops its reference.
model: v6.12
expect: clean

init
  m0 = mapping(aops=migrate_folio)
  F0 = folio(m0, index=0, flags=lru|uptodate)

cpu0
  filemap_lock_folio(m0, 0)
cpu1
  filemap_lock_folio(m0, 0)
cpu2
  wait_on_folio(m0, 0, how=drop)
