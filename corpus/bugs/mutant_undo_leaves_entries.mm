# foliofuzz repro v1
# BUG: MMSAN: entry-unlocked in migrate_folio_undo_src
# cause: mutant_undo_leaves_entries
model: v6.12
bug: mutant_undo_leaves_entries
expect: rmap/entry-unlocked:migrate_folio_undo_src

init
  m0 = mapping()
  v0 = vma(p0, 3..4, shared, m0)
  F0 = folio(m0, index=3, maps=p0, flags=lru|dirty)

cpu0
  compact(F0, nr=1, mode=sync)
