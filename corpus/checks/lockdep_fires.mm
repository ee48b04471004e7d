# foliofuzz repro v1
# BUG: MMSAN: self-deadlock in isolate_migratepages_block
# cause: 2020_isolate_put_under_lru_lock
model: v6.12
bug: 2020_isolate_put_under_lru_lock
expect: lockdep/self-deadlock:isolate_migratepages_block

init
  m0 = mapping(flags=unmovable)
  v0 = vma(p0, 0..4, anon)
  F0 = folio(m0, index=1, flags=lru)
  F1 = folio(p0, addr=0, flags=lru|swapbacked)
  F2 = folio(m0, index=0, flags=lru)

cpu0
  compact(F0, nr=3, mode=sync)
cpu2
  evict(m0)

schedule
  cpu0 op1 until folio_put.folio_put_testzero#2 then cpu1
