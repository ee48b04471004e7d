# foliofuzz repro v1
# BUG: MMSAN: stranded-unevictable in __mlock_new_folio
# cause: open_munlock_without_count
model: v6.12
bug: open_munlock_without_count
expect: lru/stranded-unevictable:__mlock_new_folio

init
  v1 = vma(p0, 2..3, anon, flags=locked)

cpu0
  gup_pin(p0, 2, how=fast_write)
  lru_add_drain()
cpu1
  munlock(p0, 2)

schedule
  cpu0 op2 until __mlock_new_folio.folio_test_mlocked#1 then cpu1
