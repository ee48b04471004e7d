# foliofuzz repro v1
# BUG: MMSAN: use-after-free in filemap_fault / vm_area_free
# cause: mutant_fault_uses_vma_late
model: v6.12
bug: mutant_fault_uses_vma_late
expect: uaf/vma:filemap_fault+vm_area_free

init
  m0 = mapping(aops=writepages)
  v0 = vma(p0, 0..1, private, m0)

cpu0
  user_read(p0, 0)
cpu1
  munmap(p0, 0)
