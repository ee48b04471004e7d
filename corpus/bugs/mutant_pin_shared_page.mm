# foliofuzz repro v1
# BUG: MMSAN: not-exclusive in sanity_check_pinned_pages
# cause: mutant_pin_shared_page
model: v6.12
bug: mutant_pin_shared_page
expect: vmbug/not-exclusive:sanity_check_pinned_pages

init
  v0 = vma(p0, 0..1, anon)
  F0 = folio(p0, addr=0, flags=swapbacked)

cpu0
  fork(p0)
  gup_pin(p0, 0, how=fast)
