# foliofuzz repro v1
# An inode dies while compaction reads page frames.
model: v6.12

init
  m0 = mapping()

cpu0
  compact(F0, nr=1, mode=async)
cpu1
  evict(m0)
