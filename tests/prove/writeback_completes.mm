# foliofuzz repro v1
# Write-out, its completion in the I/O task, and the end of the program that started it.
model: v6.12

init
  m0 = mapping(aops=writepages)
  F0 = folio(m0, index=0, flags=lru|dirty|uptodate)

cpu0
  writeback(m0, mode=async)
