# foliofuzz repro v1
# Signals both ways.
model: v6.12

init
  m0 = mapping()

cpu0
  send_sigkill(cpu1)
cpu1
  send_sigkill(cpu0)
