# foliofuzz repro v1
# BUG: MMSAN: held-at-end in op
# cause: mutant_kept_mmap_lock
model: v6.12
bug: mutant_kept_mmap_lock
expect: lockdep/held-at-end:op

init

cpu0
  madvise(p0, 0, advice=dontneed)
