# foliofuzz repro v1
# BUG: MMSAN: no-progress in do_swap_page
# cause: mutant_swapin_keeps_slot
model: v6.12
bug: mutant_swapin_keeps_slot
expect: progress/no-progress:do_swap_page

init
  v0 = vma(p0, 1..2, anon)
  s1 = swap(p0, addr=1)

cpu0
  user_write(p0, 1)
cpu1
  user_write(p0, 1)

schedule
  cpu0 op1 until cluster_swap_free_nr.lock_cluster#1 then cpu1
