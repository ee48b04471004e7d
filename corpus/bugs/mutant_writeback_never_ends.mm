# foliofuzz repro v1
# BUG: MMSAN: quiesce-writeback in move_folios_to_lru
# cause: mutant_writeback_never_ends
model: v6.12
bug: mutant_writeback_never_ends
expect: quiesce/writeback:move_folios_to_lru

init
  m0 = mapping()
  v2 = vma(p0, 2..3, private, m0)
  F0 = folio(p0, addr=2, flags=lru|swapbacked)

cpu0
  reclaim()
  reclaim()
