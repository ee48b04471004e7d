# foliofuzz repro v1
# cause: 2011_unmap_shares_cursor
model: v6.12
bug: 2011_unmap_shares_cursor
expect: vmbug/mapped:filemap_unaccount_folio

init
  m0 = mapping(aops=migrate_folio)
  v0 = vma(p0, 0..4, shared, m0)
  F0 = folio(m0, index=0, maps=p0, flags=lru)

cpu0
  truncate(m0, 2)
cpu1
  kill_bdev(m0)

schedule
  cpu0 op1 until unmap_mapping_range_vma.up_read#1 then cpu1
