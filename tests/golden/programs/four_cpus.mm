# foliofuzz repro v1
# Three faults wait with references for a migration (thread B, variant V5): four columns.
model: v5.0
bug: 2018_migration_wait_with_reference
fix: 2018_iomap_private_without_reference
fix: 2018_iomap_private_left_behind
expect: progress/only-waiters

init
  m0 = mapping(aops=migrate_folio)
  v0 = vma(p0, 1..2, shared, m0)
  F0 = folio(m0, index=1, maps=p0, flags=lru)

cpu0
  migrate_page(p0, 1, mode=async)
cpu1
  user_read(p0, 1)
cpu2
  user_read(p0, 1)
cpu3
  user_read(p0, 1)

schedule
  cpu0 op1 until migrate_page_move_mapping.folio_ref_count#1 then cpu1
