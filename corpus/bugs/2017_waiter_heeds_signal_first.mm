# foliofuzz repro v1
# BUG: MMSAN: lost-wakeup in wait_on_page_bit_common
# cause: 2017_waiter_heeds_signal_first
# It takes no preemption.
model: v5.0
bug: 2017_waiter_heeds_signal_first
fix: 2020_killed_waiter_takes_wakeup
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
  cpu2 until end then io
