# foliofuzz repro v1
# BUG: MMSAN: lost-wakeup in __folio_lock_killable
# cause: open_killed_waiter_keeps_wakeup
model: v6.12
bug: open_killed_waiter_keeps_wakeup
expect: progress/lost-wakeup:__folio_lock_killable

init
  m0 = mapping(aops=writepages)
  v0 = vma(p0, 2..3, private, m0)

cpu0
  user_read(p0, 2)
cpu1
  user_read(p0, 2)
cpu2
  send_sigkill(cpu1)

schedule
  start cpu1
  cpu1 op1 until finish_wait.spin_lock_irq#1 then io
