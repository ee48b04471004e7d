# foliofuzz repro v1
# The twin of lru_fires: the same program without mutant_isolate_without_winning.
model: v6.12
expect: clean

init
  F0 = folio(anon, flags=lru|active|swapbacked)

cpu0
  shrink_inactive_list(list=active_anon)
