# foliofuzz repro v1
model: v6.12
expect: clean

init
  m0 = mapping(aops=writepages)

cpu0
  readahead(m0, 0)
