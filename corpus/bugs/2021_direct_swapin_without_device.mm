# foliofuzz repro v1
# A fault reads a page past the swap cache while swap is switched off.
# cause: 2021_direct_swapin_without_device
model: v6.12
bug: 2021_direct_swapin_without_device
expect: swap/freed:__swap_duplicate+swapoff

init
  v0 = vma(p0, 0..1, anon)
  s1 = swap(p0, addr=0)

cpu0
  user_read(p0, 0)
cpu1
  swapoff()

schedule
  cpu0 op1 until folio_alloc.free_list#1 then cpu1
