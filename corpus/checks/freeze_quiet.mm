# foliofuzz repro v1
# The twin of freeze_fires: the same program without mutant_freeze_any_count.
model: v6.12
expect: clean

init
  m0 = mapping()
  F0 = folio(m0, index=0)
  F1 = folio(m0, index=1, flags=lru)

cpu0
  invalidate_mapping_pages(m0)
cpu1
  isolate_and_hold(m0, 1)

schedule
  cpu0 op1 until __remove_mapping.folio_ref_count#2 then cpu1
