# foliofuzz repro v1
# A page given to MADV_FREE is written again before it is discarded.
model: v6.12
expect: clean

init
  v0 = vma(p0, 0..2, anon)
  F0 = folio(p0, addr=0, flags=lru|swapbacked|uptodate)

cpu0
  madvise(p0, 0, advice=free)
  lru_add_drain()
cpu1
  reclaim()
cpu2
  user_write(p0, 0)
