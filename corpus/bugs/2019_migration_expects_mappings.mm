# foliofuzz repro v1
model: v5.0
bug: 2019_migration_expects_mappings
expect: freeze/entitlement:migrate_page_move_mapping

init
  v0 = vma(p0, 1..2, anon)
  F0 = folio(p0, addr=1, flags=lru|swapbacked|swapcache)

cpu0
  migrate_page(p0, 1, mode=async)
