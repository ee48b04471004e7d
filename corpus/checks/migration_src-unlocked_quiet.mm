# foliofuzz repro v1
model: v6.12
expect: clean

init
  m0 = mapping(aops=writepages|buffers)
  F0 = folio(m0, index=0, flags=lru)

cpu0
  create_buffers(m0, 0)
cpu1
  migrate_folio(m0, 0, mode=sync)

schedule
  cpu0 op1 until create_empty_buffers.spin_unlock#1 then cpu1
