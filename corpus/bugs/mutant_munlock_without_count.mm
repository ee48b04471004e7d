# foliofuzz repro v1
# BUG: MMSAN: mlock-overcount in lru_add
# cause: mutant_munlock_without_count
model: v6.12
bug: mutant_munlock_without_count
expect: lru/mlock-overcount:lru_add

init
  m0 = mapping()
  m1 = mapping()
  v0 = vma(p0, 3..4, private, m0, flags=locked)
  v3 = vma(p1, 3..4, private, m0, flags=locked)
  F0 = folio(m1, index=0)

cpu0
  gup_pin(p0, 3, how=fast)
cpu1
  gup_pin(p1, 3, how=longterm)
