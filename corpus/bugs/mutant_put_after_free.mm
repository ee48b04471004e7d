# foliofuzz repro v1
# BUG: MMSAN: put-zero in gup_put_folio
# cause: mutant_put_after_free
model: v6.12
bug: mutant_put_after_free
expect: refcount/put-zero:gup_put_folio

init
  v3 = vma(p1, 3..4, anon)
  F0 = folio(p1, addr=3, flags=swapbacked)

cpu0
  gup_get(p1, 3, how=read)
cpu1
  munmap(p1, 2)

schedule
  cpu0 op1 until gup_fast_pte_range.ptep_get#2 then cpu1
