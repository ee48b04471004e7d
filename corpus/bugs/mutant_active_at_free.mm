# foliofuzz repro v1
# BUG: MMSAN: badpage-active in free_pages_and_swap_cache
# cause: mutant_active_at_free
model: v6.12
bug: mutant_active_at_free
expect: badpage/active:free_pages_and_swap_cache

init
  m0 = mapping()
  v2 = vma(p0, 3..4, private, m0)
  F0 = folio(p0, addr=3, flags=lru|active|swapbacked)

cpu0
  exit(p0)
