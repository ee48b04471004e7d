# foliofuzz repro v1
# BUG: MMSAN: src-busy in __migrate_folio
# cause: mutant_migration_ignores_writeback
model: v6.12
bug: mutant_migration_ignores_writeback
expect: migration/src-busy:__migrate_folio

init
  m0 = mapping(aops=migrate_folio|writepages)
  F0 = folio(m0, index=0, flags=lru|dirty)

cpu0
  writeback(m0, mode=sync)
  migrate_folio(m0, 0, mode=sync)
