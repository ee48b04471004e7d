# foliofuzz repro v1
# A page is truncated that a VM_LOCKED VMA maps.
model: v3.13
bug: 2012_last_unmap_keeps_mlocked
expect: badpage/mlocked

init
  m0 = mapping()
  v0 = vma(p0, 1..2, shared, m0, flags=locked)
  F0 = folio(m0, index=1, maps=p0, flags=mlocked)

cpu0
  truncate_inode_pages(m0, 0)
