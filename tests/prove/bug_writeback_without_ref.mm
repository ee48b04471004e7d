# foliofuzz repro v1
# The end of writeback has no reference of its own.
model: v6.12
bug: mutant_end_writeback_without_ref

init
  m0 = mapping(aops=writepages)
  F0 = folio(m0, index=0, flags=lru|dirty|uptodate)

cpu0
  writeback(m0, mode=async)
