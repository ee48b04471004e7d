# foliofuzz repro v1
# BUG: MMSAN: quiesce-owner in writeback_iter
# cause: mutant_end_writeback_keeps_ref
model: v6.12
bug: mutant_end_writeback_keeps_ref
expect: quiesce/owner:writeback_iter

init
  m0 = mapping(aops=writepages)
  F0 = folio(m0, index=0, flags=dirty)

cpu0
  writeback(m0, mode=sync)
