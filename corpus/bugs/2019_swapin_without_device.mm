# foliofuzz repro v1
# Read-ahead of a swapped-out page while swap is switched off: the entry it read is stale, and so is the device.
# cause: 2019_swapin_without_device
model: v6.12
bug: 2019_swapin_without_device
expect: swap/freed:__swap_duplicate+swapoff

init
  v0 = vma(p0, 0..1, anon)
  s1 = swap(p0, addr=0)

cpu0
  madvise(p0, 0, advice=willneed)
cpu1
  swapoff()

schedule
  cpu0 op1 until folio_alloc.set_page_refcounted#1 then cpu1
