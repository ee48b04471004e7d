# foliofuzz repro v1
# BUG: MMSAN: unlock-not-owner in migrate_folio_undo_src
# cause: mutant_migration_without_lock
model: v6.12
bug: mutant_migration_without_lock
expect: folio_lock/unlock-not-owner:migrate_folio_undo_src

init
  m0 = mapping(aops=writepages)
  F0 = folio(m0, index=0, flags=lru|dirty)

cpu0
  writeback(m0, mode=sync)
cpu1
  compact(F0, nr=1, mode=sync)

schedule
  cpu0 op1 until __folio_start_writeback.xas_set_mark#1 then cpu1
