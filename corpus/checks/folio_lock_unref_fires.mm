# foliofuzz repro v1
# BUG: MMSAN: folio-lock-unref in try_to_unuse
# cause: mutant_lock_after_put
model: v6.12
bug: mutant_lock_after_put
expect: folio_lock/unref:try_to_unuse

init
  v3 = vma(p1, 1..2, anon)
  s2 = swap(p1, addr=1)

cpu0
  gup_pin(p1, 1, how=fast)
cpu1
  swapoff()

schedule
  cpu1 op1 until try_to_unuse.swap_usage_in_pages#1 then io
