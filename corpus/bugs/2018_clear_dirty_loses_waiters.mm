# foliofuzz repro v1
# cause: 2018_clear_dirty_loses_waiters
model: v6.12
bug: 2018_clear_dirty_loses_waiters
expect: folio_lock/na-lost:__folio_cancel_dirty+shmem_get_folio_gfp

init
  m0 = mapping(aops=migrate_folio|shmem)
  F0 = folio(m0, index=0, flags=swapbacked|dirty)

cpu0
  punch_hole(m0, 0)
cpu1
  filemap_read(m0, 0)

schedule
  cpu0 op1 until __folio_cancel_dirty.__folio_clear_dirty#2 then cpu1
