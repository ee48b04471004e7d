# foliofuzz repro v1
# BUG: MMSAN: remove-unlocked in __delete_from_swap_cache
# cause: mutant_free_swap_without_lock
model: v6.12
bug: mutant_free_swap_without_lock
expect: pagecache/remove-unlocked:__delete_from_swap_cache

init
  m0 = mapping()
  v1 = vma(p0, 1..2, private, m0)
  F0 = folio(p0, addr=1, flags=lru|swapbacked)

cpu0
  reclaim()
cpu1
  exit(p0)

schedule
  cpu0 op1 until isolate_lru_folios.folio_test_clear_lru#1 then cpu1
  cpu0 op1 until noop_dirty_folio.folio_test_dirty#1 then cpu1
  cpu1 op1 until zap_pte_range.pte_unmap_unlock#1 then cpu0
