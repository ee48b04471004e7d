# foliofuzz repro v1
# BUG: MMSAN: free-mapped in zap_present_folio_ptes
# cause: mutant_zap_clears_last
model: v6.12
bug: mutant_zap_clears_last
expect: refcount/free-mapped:zap_present_folio_ptes

init
  m0 = mapping()
  v5 = vma(p1, 2..3, private, m0)
  F0 = folio(p1, addr=2, flags=swapbacked)

cpu0
  exit(p1)
