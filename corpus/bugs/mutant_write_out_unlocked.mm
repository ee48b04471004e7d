# foliofuzz repro v1
# BUG: MMSAN: writeback-detached in move_folios_to_lru
# cause: mutant_write_out_unlocked
model: v6.12
bug: mutant_write_out_unlocked
expect: writeback/detached:move_folios_to_lru

init
  m0 = mapping()
  v1 = vma(p0, 1..2, private, m0)
  F0 = folio(p0, addr=1, flags=lru|swapbacked)

cpu0
  reclaim()
  reclaim()
cpu1
  truncate(m0, 0)

schedule
  cpu0 op2 until __folio_start_writeback.folio_test_set_writeback#1 then cpu1
