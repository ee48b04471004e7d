# foliofuzz repro v1
# BUG: MMSAN: lockdep-order in cluster_swap_free_nr
# cause: mutant_slot_under_tree_lock
model: v6.12
bug: mutant_slot_under_tree_lock
expect: lockdep/order:cluster_swap_free_nr

init
  v1 = vma(p0, 1..2, anon)
  F0 = folio(p0, addr=1, flags=lru|swapbacked)

cpu0
  reclaim()
  reclaim()

schedule
  cpu0 op2 until shrink_folio_list.folio_test_writeback#2 then io
