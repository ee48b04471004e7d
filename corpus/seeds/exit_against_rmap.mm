# foliofuzz repro v1
# A process ends while reclaim walks the mappings of its pages.
model: v6.12
expect: clean

init
  v0 = vma(p0, 0..2, anon)
  v3 = vma(p1, 0..2, anon)
  F0 = folio(p1, addr=0, flags=lru|swapbacked|uptodate)

cpu0
  exit(p1)
cpu1
  reclaim()
cpu2
  migrate_page(p1, 0, mode=sync)
