# foliofuzz repro v1
# mincore has read the swap entry of a tmpfs page when swap is switched off.
# cause: 2018_mincore_without_device
model: v6.12
bug: 2018_mincore_without_device
expect: swap/freed:filemap_get_incore_folio+swapoff

init
  m0 = mapping(aops=migrate_folio|shmem)
  v0 = vma(p0, 0..2, shared, m0)
  s1 = swap(m0, index=1)

cpu0
  mincore(p0, 1)
cpu1
  swapoff()

schedule
  cpu0 op1 until filemap_get_incore_folio.swap_address_space#1 then cpu1
