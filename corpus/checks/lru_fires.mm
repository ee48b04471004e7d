# foliofuzz repro v1
# BUG: MMSAN: not-holder in isolate_lru_folios
# cause: mutant_isolate_without_winning
model: v6.12
bug: mutant_isolate_without_winning
expect: lru/not-holder:isolate_lru_folios

init
  m0 = mapping()
  v0 = vma(p0, 0..1, private, m0)
  F0 = folio(p0, addr=0, flags=lru|active|swapbacked)

cpu0
  shrink_active_list(list=active_anon)
