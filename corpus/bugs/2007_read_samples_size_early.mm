# foliofuzz repro v1
# BUG: MMSAN: beyond-eof in filemap_read / truncate_pagecache
# cause: 2007_read_samples_size_early
# It takes no preemption.
model: v6.12
bug: 2007_read_samples_size_early
expect: content/beyond-eof:filemap_read+truncate_pagecache

init
  m0 = mapping(aops=writepages)

cpu0
  filemap_read(m0, 0)
cpu1
  truncate(m0, 0)

schedule
  io op2 until end then cpu1
