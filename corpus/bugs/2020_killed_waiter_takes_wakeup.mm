# foliofuzz repro v1
# BUG: MMSAN: lost-wakeup in wait_on_page_bit_common
# cause: 2020_killed_waiter_takes_wakeup
# 1 preemption; no interleaving of this program with fewer preemptions shows this (exhausted).
model: v5.0
expect: progress/lost-wakeup:wait_on_page_bit_common

init
  m0 = mapping(aops=writepages)
  v0 = vma(p0, 1..2, shared, m0)

cpu0
  user_read(p0, 1)
cpu1
  user_read(p0, 1)
cpu2
  send_sigkill(cpu0)

schedule
  cpu0 op1 until finish_wait.spin_lock_irq#1 then io
