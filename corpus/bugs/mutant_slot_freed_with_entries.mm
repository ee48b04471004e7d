# foliofuzz repro v1
# BUG: MMSAN: free-slot in op
# cause: mutant_slot_freed_with_entries
model: v6.12
bug: mutant_slot_freed_with_entries
expect: swap/free-slot:op

init
  v1 = vma(p0, 3..4, anon)
  F0 = folio(p0, addr=3, flags=lru|swapbacked)

cpu0
  reclaim()
  reclaim()

schedule
  cpu0 op2 until shrink_folio_list.folio_test_writeback#2 then io
