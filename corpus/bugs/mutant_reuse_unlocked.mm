# foliofuzz repro v1
# BUG: MMSAN: pte-unlocked in wp_page_reuse
# cause: mutant_reuse_unlocked
model: v6.12
bug: mutant_reuse_unlocked
expect: rmap/pte-unlocked:wp_page_reuse

init
  m0 = mapping()
  v0 = vma(p0, 2..3, private, m0)

cpu0
  gup_pin(p0, 2, how=longterm)
  gup_pin(p0, 2, how=fast_write)
