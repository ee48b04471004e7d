# foliofuzz repro v1
# BUG: MMSAN: end-unref in __folio_end_writeback
# cause: mutant_end_writeback_without_ref
model: v6.12
bug: mutant_end_writeback_without_ref
expect: writeback/end-unref:__folio_end_writeback

init
  m0 = mapping(aops=writepages)
  F0 = folio(m0, index=0, flags=dirty)

cpu0
  writeback(m0, mode=sync)
