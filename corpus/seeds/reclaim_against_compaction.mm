# foliofuzz repro v1
# Two isolators and a third that keeps its folio compete for PG_lru.
model: v6.12
expect: clean

init
  m0 = mapping(aops=migrate_folio)
  F0 = folio(m0, index=0, flags=lru|uptodate)
  F1 = folio(m0, index=1, flags=lru|active|uptodate)

cpu0
  shrink_inactive_list(list=inactive_file)
cpu1
  compact(F0, nr=2, mode=sync)
cpu2
  isolate_and_hold(m0, 1)
