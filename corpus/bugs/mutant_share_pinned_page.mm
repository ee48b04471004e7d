# foliofuzz repro v1
# BUG: MMSAN: pins-shared in folio_try_share_anon_rmap_pte
# cause: mutant_share_pinned_page
model: v6.12
bug: mutant_share_pinned_page
expect: pins/shared:folio_try_share_anon_rmap_pte

init
  m0 = mapping()
  v4 = vma(p1, 3..4, private, m0)
  s0 = swap(p1, addr=3)

cpu0
  gup_pin(p1, 3, how=fast)
cpu1
  gup_pin(p1, 3, how=longterm)
