# foliofuzz repro v1
# Thread B, variant V6: the slot is not looked at; the page lock keeps it.
model: v5.0
bug: mutant_migration_without_slot_check
expect: clean

init
  m0 = mapping(aops=migrate_folio)
  v0 = vma(p0, 1..2, shared, m0)
  F0 = folio(m0, index=1, maps=p0, flags=lru)

cpu0
  migrate_page(p0, 1, mode=async)
cpu1
  user_read(p0, 1)
