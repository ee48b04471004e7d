# foliofuzz repro v1
# A hole punch drops the last entry of a slot; swapoff frees the slot and the map before it looks again.
# cause: 2024_free_swap_without_device
model: v6.12
bug: 2024_free_swap_without_device
expect: swap/freed:free_swap_and_cache+swapoff

init
  m0 = mapping(aops=migrate_folio|shmem)
  s1 = swap(m0, index=1)

cpu0
  swapoff()
cpu1
  punch_hole(m0, 1)

schedule
  cpu0 op1 until __swap_duplicate.set_swap_map#1 then cpu1
  cpu1 op1 until free_swap_and_cache.swap_map#1 then cpu0
