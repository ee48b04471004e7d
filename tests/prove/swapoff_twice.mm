# foliofuzz repro v1
# Two that swap off.
model: v6.12

init
  m0 = mapping()

cpu0
  swapoff()
cpu1
  swapoff()
