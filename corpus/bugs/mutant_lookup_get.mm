# foliofuzz repro v1
# BUG: MMSAN: frozen-write in __folio_migrate_mapping / filemap_get_entry
# cause: mutant_lookup_get
model: v6.12
bug: mutant_lookup_get
expect: refcount/frozen-write:__folio_migrate_mapping+filemap_get_entry

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru)

cpu0
  migrate_folio(m0, 0, mode=sync)
cpu2
  get_and_hold(m0, 0)

schedule
  cpu0 op1 until __folio_migrate_mapping.folio_ref_add#1 then cpu1
