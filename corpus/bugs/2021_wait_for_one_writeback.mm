# foliofuzz repro v1
# BUG: MMSAN: vmbug-writeback in folio_prepare_writeback
# cause: 2021_wait_for_one_writeback
# 2 preemptions; no interleaving of this program with fewer preemptions shows this (exhausted).
model: v6.12
bug: 2021_wait_for_one_writeback
expect: vmbug/writeback:folio_prepare_writeback

init
  m0 = mapping(aops=writepages)
  F0 = folio(m0, index=0, flags=dirty)

cpu0
  fsync(m0)
cpu1
  filemap_write(m0, 0)
  writeback(m0, mode=sync)
  filemap_write(m0, 0)
  fsync(m0)

schedule
  cpu1 op1 until folio_wake_bit.spin_unlock_irq#1 then io
  io op2 until __folio_end_writeback.folio_xor_flags_has_waiters#1 then cpu0
