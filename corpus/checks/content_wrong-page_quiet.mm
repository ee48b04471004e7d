# foliofuzz repro v1
# A page that a memory error takes out of its file is still read by who found it before, with what a pin wrote to it since.
model: v6.5
expect: clean

init
  m0 = mapping()
  v0 = vma(p0, 1..2, shared, m0)
  F0 = folio(m0, index=1, flags=lru)

cpu0
  filemap_read(m0, 1)
cpu1
  memory_failure(F0)
cpu2
  proc_mem(p0, 1, how=write)

schedule
  cpu0 op1 until filemap_get_pages.folio_test_uptodate#1 then cpu2
  cpu2 op1 until access_remote_vm.pin_write#1 then cpu1
