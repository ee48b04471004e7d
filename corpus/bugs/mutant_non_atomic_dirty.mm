# foliofuzz repro v1
# BUG: MMSAN: na-lost in folio_mark_dirty / folio_wait_bit_common
# cause: mutant_non_atomic_dirty
model: v6.12
bug: mutant_non_atomic_dirty
expect: folio_lock/na-lost:folio_mark_dirty+folio_wait_bit_common

init
  m0 = mapping()
  F0 = folio(m0, index=0)

cpu0
  folio_mark_dirty(m0, 0)
cpu2
  folio_mark_dirty(m0, 0)

schedule
  cpu0 op1 until folio_mark_dirty.__folio_set_dirty#2 then cpu1
