# foliofuzz repro v1
model: v6.12
expect: clean

init
  m0 = mapping(aops=writepages|buffers)
  F0 = folio(m0, index=0, flags=lru|uptodate)

cpu0
  create_buffers(m0, 0)
