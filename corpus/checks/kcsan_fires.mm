# foliofuzz repro v1
# BUG: MMSAN: data-race in folio_isolate_lru / move_folios_to_lru
# cause: mutant_isolate_unlocked
model: v6.12
bug: mutant_isolate_unlocked
expect: kcsan/data-race:folio_isolate_lru+move_folios_to_lru

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru)
  F1 = folio(m0, index=1, flags=lru|active)

cpu0
  shrink_active_list(list=active_file)
cpu1
  isolate_and_hold(m0, 0)
