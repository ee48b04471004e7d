# foliofuzz repro v1
# BUG: MMSAN: not-holder in isolate_lru_folios
# cause: mutant_isolate_without_winning
model: v6.12
bug: mutant_isolate_without_winning
expect: lru/not-holder:isolate_lru_folios

init
  F0 = folio(anon, flags=lru|active|swapbacked)

cpu0
  shrink_inactive_list(list=active_anon)
