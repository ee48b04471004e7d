# foliofuzz repro v1
# cause: 2024_swapin_past_the_swap_cache
model: v6.5
expect: content/lost-data:op

init
  v0 = vma(p0, 2..4, anon)
  s0 = swap(p0, addr=2)
  s1 = swap(p0, addr=3)

cpu0
  user_read(p0, 3)
cpu1
  user_write(p0, 3)
  madvise(p0, 3, advice=pageout)

schedule
  cpu0 op1 until do_swap_page.pte_offset_map_lock#1 then cpu1
