# foliofuzz repro v1
# A read beyond the end and a truncation: i_rwsem, invalidate_lock, i_size.
model: v6.12

init
  m0 = mapping(size=1)

cpu0
  filemap_read(m0, 1)
cpu1
  truncate(m0, 0)
