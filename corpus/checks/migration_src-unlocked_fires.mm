# foliofuzz repro v1
# BUG: MMSAN: src-unlocked in __migrate_folio
# cause: mutant_migration_without_lock
model: v6.12
bug: mutant_migration_without_lock
expect: migration/src-unlocked:__migrate_folio

init
  m0 = mapping(aops=writepages|buffers)
  F0 = folio(m0, index=0, flags=lru)

cpu0
  create_buffers(m0, 0)
cpu1
  migrate_folio(m0, 0, mode=sync)

schedule
  cpu0 op1 until create_empty_buffers.spin_unlock#1 then cpu1
