# foliofuzz repro v1
# Thread B, variant V0 with W0: the waiter puts only after the page is unlocked, but the freeze has counted it.
model: v5.0
bug: 2018_iomap_private_without_reference
bug: 2018_migration_wait_with_reference
expect: freeze/entitlement:migrate_page_move_mapping+migration_entry_wait

init
  m0 = mapping(aops=migrate_folio|writepages|iomap)
  v0 = vma(p0, 1..2, shared, m0)
  F0 = folio(m0, index=1, maps=p0, flags=lru|private)

cpu0
  migrate_page(p0, 1, mode=async)
cpu1
  user_read(p0, 1)

schedule
  cpu0 op1 until migrate_page_move_mapping.folio_ref_count#1 then cpu1
