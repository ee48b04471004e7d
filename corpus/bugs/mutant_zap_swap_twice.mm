# foliofuzz repro v1
# BUG: MMSAN: swap-underflow in __swap_entry_free_locked
# cause: mutant_zap_swap_twice
model: v6.12
bug: mutant_zap_swap_twice
expect: swap/underflow:__swap_entry_free_locked

init
  m0 = mapping()
  v2 = vma(p0, 3..4, private, m0)
  F0 = folio(p0, addr=3, flags=lru|swapbacked)

cpu0
  reclaim()
  reclaim()
  truncate(m0, 0)
