# foliofuzz repro v1
model: v5.0
bug: mutant_freeze_by_store
expect: freeze/entitlement:migrate_page_move_mapping

init
  m0 = mapping(aops=migrate_folio)
  v0 = vma(p0, 1..2, shared, m0)
  F0 = folio(m0, index=1, maps=p0, flags=lru)

cpu0
  migrate_page(p0, 1, mode=async)
cpu1
  get_and_hold(m0, 1)

schedule
  cpu0 op1 until migrate_page_move_mapping.folio_ref_set_zero#2 then cpu1
