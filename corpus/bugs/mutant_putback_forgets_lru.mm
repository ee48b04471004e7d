# foliofuzz repro v1
# BUG: MMSAN: lru-stranded in putback_movable_pages
# cause: mutant_putback_forgets_lru
model: v6.12
bug: mutant_putback_forgets_lru
expect: lru/stranded:putback_movable_pages

init
  m0 = mapping()
  m1 = mapping()
  v1 = vma(p0, 1..2, private, m1)
  F0 = folio(m1, index=1)
  F1 = folio(p0, addr=1, flags=swapbacked)
  F2 = folio(m0, index=2)
  F3 = folio(m1, index=0, flags=lru)
  F4 = folio(m0, index=1, flags=lru)
  F5 = folio(m0, index=0, flags=lru)

cpu0
  compact(F2, nr=4, mode=sync)
