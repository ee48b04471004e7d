# foliofuzz repro v1
# BUG: MMSAN: refcount-unfreeze in __folio_migrate_mapping
# cause: mutant_migration_unfreezes_all
model: v6.12
bug: mutant_migration_unfreezes_all
expect: refcount/unfreeze:__folio_migrate_mapping

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru)

cpu0
  compact(F0, nr=1, mode=sync)
