# foliofuzz repro v1
# BUG: MMSAN: start-unlocked in __folio_start_writeback
# cause: mutant_write_out_unlocked
model: v6.12
bug: mutant_write_out_unlocked
expect: writeback/start-unlocked:__folio_start_writeback

init
  m0 = mapping()
  v1 = vma(p0, 3..4, private, m0)
  F0 = folio(p0, addr=3, flags=lru|swapbacked)

cpu0
  reclaim()
  reclaim()
