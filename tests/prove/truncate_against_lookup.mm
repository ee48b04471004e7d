# foliofuzz repro v1
# Truncation of a file without pages against a lookup.
model: v6.12

init
  m0 = mapping()

cpu0
  filemap_get_entry(m0, 0)
cpu1
  truncate_inode_pages(m0, 0)
