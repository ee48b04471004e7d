# foliofuzz repro v1
# Migration takes the lock of writeback for its own.
model: v6.12
expect: clean

init
  m0 = mapping(aops=writepages)
  F0 = folio(m0, index=0, flags=lru|dirty)

cpu0
  fsync(m0)
cpu1
  migrate_folio(m0, 0, mode=sync)

schedule
  cpu0 op1 until folio_prepare_writeback.folio_test_dirty#1 then cpu1
