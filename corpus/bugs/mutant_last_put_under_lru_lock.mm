# foliofuzz repro v1
# BUG: MMSAN: last-put in move_folios_to_lru
# cause: mutant_last_put_under_lru_lock
model: v6.12
bug: mutant_last_put_under_lru_lock
expect: lru/last-put:move_folios_to_lru

init
  v0 = vma(p0, 2..3, anon)
  F0 = folio(p0, addr=2, flags=lru|active|swapbacked)

cpu0
  shrink_active_list(list=active_anon)
cpu1
  exit(p0)

schedule
  cpu0 op1 until folio_evictable.folio_test_mlocked#1 then cpu1
