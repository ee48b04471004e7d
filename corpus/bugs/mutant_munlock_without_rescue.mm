# foliofuzz repro v1
# BUG: MMSAN: stranded-unevictable in __mlock_folio
# cause: mutant_munlock_without_rescue
model: v6.12
bug: mutant_munlock_without_rescue
expect: lru/stranded-unevictable:__mlock_folio

init
  m0 = mapping()
  v0 = vma(p0, 2..3, private, m0, flags=locked)
  F0 = folio(m0, index=2, flags=lru)

cpu0
  gup_pin(p0, 2, how=longterm)
