# foliofuzz repro v1
# An exiting process drops the last entry of a slot; swapoff frees the slot and the map before it looks again.
# cause: 2024_free_swap_without_device
model: v6.12
bug: 2024_free_swap_without_device
irqoff_is_reader: off
expect: swap/freed:free_swap_and_cache+swapoff

init
  v0 = vma(p0, 0..1, anon)
  s1 = swap(p0, addr=0)

cpu0
  madvise(p0, 0, advice=willneed)
  exit(p0)
cpu1
  swapoff()

schedule
  cpu0 op2 until free_swap_and_cache.swap_map#1 then cpu1
