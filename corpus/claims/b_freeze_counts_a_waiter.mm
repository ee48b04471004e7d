# foliofuzz repro v1
# Thread B, 2019, as it was: without a reference behind PG_private the freeze counts that of a waiter.
model: v5.0
bug: 2018_iomap_private_without_reference
bug: 2019_migration_wait_drops_reference
verdict: possible

init
  m0 = mapping(aops=migrate_folio|writepages|iomap)
  v0 = vma(p0, 1..2, shared, m0)
  F0 = folio(m0, index=1, maps=p0, flags=lru|private)

cpu0
  migrate_page(p0, 1, mode=async)
cpu1
  user_read(p0, 1)

claim
  cpu1: migration_entry_wait.folio_try_get#1(F0) -> ok
  cpu0: folio_ref_freeze#1(F0, 3) -> ok
  cpu1: folio_put.folio_put_testzero#1(F0)
