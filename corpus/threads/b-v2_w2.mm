# foliofuzz repro v1
# Thread B, variant V2 with W2: the reference moves with the private data.
model: v5.0
bug: 2021_migration_wait_without_reference
expect: clean

init
  m0 = mapping(aops=migrate_folio|writepages|iomap)
  v0 = vma(p0, 1..2, shared, m0)
  F0 = folio(m0, index=1, maps=p0, flags=lru|private)

cpu0
  migrate_page(p0, 1, mode=async)
cpu1
  user_read(p0, 1)
