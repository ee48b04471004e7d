# foliofuzz repro v1
# An inode dies at once, v4.14.
model: v4.14

init
  m0 = mapping()

cpu0
  filemap_get_entry(m0, 0)
cpu1
  evict(m0)
