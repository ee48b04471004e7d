# foliofuzz repro v1
# BUG: MMSAN: swap-count in copy_pte_range
# cause: mutant_fork_without_swap_count
model: v6.12
bug: mutant_fork_without_swap_count
expect: swap/count:copy_pte_range

init
  v1 = vma(p0, 2..3, anon)
  s2 = swap(p0, addr=2)

cpu0
  fork(p0)
