# foliofuzz repro v1
# BUG: MMSAN: mlock-count in __mlock_new_folio / mlock_new_folio
# cause: mutant_mlock_count_first
model: v6.12
bug: mutant_mlock_count_first
expect: lru/mlock-count:__mlock_new_folio+mlock_new_folio

init
  v0 = vma(p0, 1..2, anon, flags=locked)

cpu0
  user_write(p0, 1)
