# foliofuzz repro v1
model: v5.0
bug: 2018_iomap_private_without_reference
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
  cpu0 op1 until migrate_page_move_mapping.folio_ref_unfreeze#1 then cpu1
  cpu1 op1 until folio_put.folio_put_testzero#1 then cpu0
