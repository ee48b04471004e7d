# foliofuzz repro v1
# BUG: MMSAN: pins-unpinned in unpin_user_page
# cause: mutant_pin_of_one
model: v6.12
bug: mutant_pin_of_one
expect: pins/unpinned:unpin_user_page

init
  m0 = mapping()
  v2 = vma(p0, 2..3, private, m0)

cpu0
  gup_pin(p0, 2, how=fast)
  gup_pin(p0, 2, how=fast)
