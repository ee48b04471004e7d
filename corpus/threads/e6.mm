# foliofuzz repro v1
# Thread E, variant E6: the reject path puts with the lru_lock held, and the put is the last.
model: v6.8
bug: 2020_isolate_put_under_lru_lock
expect: lockdep/self-deadlock:isolate_migratepages_block

init
  m0 = mapping(flags=unevictable|unmovable)
  v0 = vma(p0, 0..1, anon)
  F0 = folio(p0, addr=0, flags=lru|swapbacked)
  F1 = folio(m0, index=0, flags=lru|unevictable)

cpu0
  compact(F0, nr=2, mode=sync)
cpu1
  truncate_inode_pages(m0, 0)

schedule
  cpu0 op1 until folio_put.folio_put_testzero#1 then cpu1
