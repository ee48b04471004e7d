# foliofuzz repro v1
# BUG: MMSAN: dst-visible in __migrate_folio
# cause: mutant_migration_publishes_early
model: v6.12
bug: mutant_migration_publishes_early
expect: migration/dst-visible:__migrate_folio

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru)

cpu0
  compact(F0, nr=1, mode=sync)
