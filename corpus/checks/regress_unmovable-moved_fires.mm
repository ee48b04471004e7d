# foliofuzz repro v1
model: v6.12
bug: mutant_migration_moves_unmovable
expect: regress/unmovable-moved

init
  m0 = mapping(aops=migrate_folio, flags=unmovable)
  F0 = folio(m0, index=0, flags=lru|uptodate)

cpu0
  migrate_folio(m0, 0, mode=sync)
