# foliofuzz repro v1
# The twin of lru_fires: the same program without mutant_isolate_without_winning.
model: v6.12
expect: clean

init
  v0 = vma(p0, 0..4, anon)
  F0 = folio(p0, addr=0, flags=lru|active|swapbacked)

cpu0
  shrink_inactive_list(list=active_anon)
