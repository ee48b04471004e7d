# foliofuzz repro v1
# BUG: MMSAN: src-left in __migrate_folio / migrate_folio_move
# cause: mutant_migration_leaves_swapcache
model: v6.12
bug: mutant_migration_leaves_swapcache
expect: migration/src-left:__migrate_folio+migrate_folio_move

init
  v1 = vma(p0, 3..4, anon)

cpu0
  user_write(p0, 3)
  shrink_inactive_list(list=inactive_anon)
  shrink_inactive_list(list=inactive_anon)
  gup_pin(p0, 3, how=longterm)
