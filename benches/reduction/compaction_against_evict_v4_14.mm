# foliofuzz repro v1
# An inode dies while compaction isolates its page, v4.14, with the fixes.
model: v4.14

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru)

cpu0
  compact(F0, nr=1, mode=async)
cpu1
  evict(m0)
