# foliofuzz repro v1
# Three lookups that find nothing, and go on from there.
model: v6.12

init
  m0 = mapping()

cpu0
  filemap_get_entry(m0, 0)
cpu1
  filemap_get_entry(m0, 0)
cpu2
  filemap_get_entry(m0, 0)
