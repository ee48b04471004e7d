# foliofuzz repro v1
# An inode dies: its callback runs after a grace period.
model: v6.12

init
  m0 = mapping()

cpu0
  filemap_get_entry(m0, 0)
cpu1
  evict(m0)
