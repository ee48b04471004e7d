# foliofuzz repro v1
# BUG: MMSAN: pagecache-marks in op
# cause: mutant_dirty_without_mark
model: v6.12
bug: mutant_dirty_without_mark
expect: pagecache/marks:op

init
  m0 = mapping(aops=writepages)

cpu0
  filemap_write(m0, 0)
