# foliofuzz repro v1
# BUG: MMSAN: null-deref in unmap_mapping_folio
# cause: mutant_unmap_truncated
model: v6.12
bug: mutant_unmap_truncated
expect: uaf/null-deref:unmap_mapping_folio

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru)

cpu0
  memory_failure(F0)
cpu1
  invalidate_inode_pages2(m0, 0)

schedule
  cpu0 op1 until truncate_cleanup_folio.folio_mapcount#1 then cpu1
