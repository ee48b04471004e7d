# foliofuzz repro v1
# BUG: MMSAN: badpage-active in tlb_flush_mmu
# cause: mutant_active_at_free
model: v6.12
bug: mutant_active_at_free
expect: badpage/active:tlb_flush_mmu

init
  m0 = mapping()
  v2 = vma(p0, 3..4, private, m0)
  F0 = folio(p0, addr=3, flags=lru|active|swapbacked)

cpu0
  exit(p0)
