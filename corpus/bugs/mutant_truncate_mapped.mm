# foliofuzz repro v1
# BUG: MMSAN: vmbug-mapped in filemap_unaccount_folio
# cause: mutant_truncate_mapped
model: v6.12
bug: mutant_truncate_mapped
expect: vmbug/mapped:filemap_unaccount_folio

init
  m0 = mapping()
  v0 = vma(p0, 3..4, shared, m0)
  F0 = folio(m0, index=3, maps=p0)

cpu0
  truncate_inode_pages(m0, 0)
