# foliofuzz repro v1
# BUG: MMSAN: dirty-lost in __migrate_folio / migrate_folio_move
# cause: mutant_migration_loses_dirty
model: v6.12
bug: mutant_migration_loses_dirty
expect: migration/dirty-lost:__migrate_folio+migrate_folio_move

init
  m0 = mapping(aops=migrate_folio)
  F0 = folio(m0, index=0, flags=lru|dirty)

cpu0
  compact(F0, nr=1, mode=sync)
