# foliofuzz repro v1
# BUG: MMSAN: quiesce-owner in folio_end_writeback
# cause: mutant_end_writeback_keeps_ref
model: v6.12
bug: mutant_end_writeback_keeps_ref
expect: quiesce/owner:folio_end_writeback

init
  m0 = mapping(aops=writepages)
  F0 = folio(m0, index=0, flags=dirty)

cpu0
  writeback(m0, mode=sync)
