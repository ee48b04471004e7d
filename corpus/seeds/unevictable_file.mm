# foliofuzz repro v1
# A guest_memfd-like file: compaction must leave it alone.
model: v6.12
expect: clean

init
  m0 = mapping(aops=migrate_folio, flags=unevictable|unmovable)
  F0 = folio(m0, index=0, flags=lru|unevictable|uptodate)

cpu0
  compact(F0, nr=1, mode=async)
cpu1
  isolate_and_hold(m0, 0)
  putback_held()
