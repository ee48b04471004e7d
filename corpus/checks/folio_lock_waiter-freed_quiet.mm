# foliofuzz repro v1
# A task is queued for another folio, and has not said so yet (before v5.9), when the one it last waited for is freed.
model: v5.0
expect: clean

init
  m0 = mapping(aops=writepages)
  v0 = vma(p0, 0..2, shared, m0)
  F0 = folio(m0, index=0, maps=p0, flags=lru)
  F2 = folio(m0, index=1, maps=p0)

cpu0
  migrate_page(p0, 0, mode=sync)
cpu1
  truncate_inode_pages(m0, 0)
  user_write(p0, 0)

schedule
  cpu0 op1 until __page_cache_release.folio_test_lru#1 then cpu1
  cpu0 op1 until __unmap_and_move.folio_test_anon#1 then cpu1
  cpu0 op1 until expected_page_refs.folio_mapping#3 then cpu1
  cpu0 op1 until folio_put.folio_put_testzero#5 then cpu1
  cpu1 op1 until folio_needs_release.folio_has_private#2 then cpu0
  cpu1 op1 until release_pages.folio_put_testzero#5 then cpu0
  cpu1 op2 until filemap_get_entry.folio_try_get#1 then cpu0
  cpu1 op2 until wait_on_page_bit_common.folio_set_waiters#1 then io
