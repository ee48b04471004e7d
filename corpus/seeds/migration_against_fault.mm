# foliofuzz repro v1
# A mapped page migrates under a writer and a fork.
model: v6.12
expect: clean

init
  v0 = vma(p0, 0..2, anon)
  F0 = folio(p0, addr=1, flags=lru|swapbacked|uptodate)

cpu0
  migrate_page(p0, 1, mode=sync)
cpu1
  user_write(p0, 1)
cpu2
  fork(p0)
