# foliofuzz repro v1
# BUG: MMSAN: pins-shared in folio_try_dup_anon_rmap_pte
# cause: mutant_pin_without_flag
model: v6.12
bug: mutant_pin_without_flag
expect: pins/shared:folio_try_dup_anon_rmap_pte

init
  v1 = vma(p0, 1..2, anon)

cpu0
  gup_get(p0, 1, how=write)
  gup_pin(p0, 1, how=fast)
cpu1
  fork(p0)
