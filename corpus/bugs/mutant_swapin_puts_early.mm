# foliofuzz repro v1
# BUG: MMSAN: transfer-unowned in do_swap_page
# cause: mutant_swapin_puts_early
model: v6.12
bug: mutant_swapin_puts_early
expect: refcount/transfer-unowned:do_swap_page

init
  m0 = mapping()
  v2 = vma(p0, 2..3, private, m0)
  s3 = swap(p0, addr=2)

cpu0
  gup_pin(p0, 2, how=fast)
