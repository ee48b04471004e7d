# foliofuzz repro v1
# Thread A, variant A3: the draft of 2020 locks the page before it holds a reference and without the lru_lock.
model: v6.5
bug: 2020_isolate_trylock_before_get
expect: folio_lock/freed:free_pages_prepare+isolate_migratepages_block

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru|dirty)

cpu0
  compact(F0, nr=1, mode=async)
cpu1
  truncate_inode_pages(m0, 0)

schedule
  cpu0 op1 until isolate_migratepages_block.folio_trylock#1 then cpu1
