# foliofuzz repro v1
# A write fault after fork races with swap-out of the shared page.
model: v6.12
expect: clean

init
  v0 = vma(p0, 0..2, anon)
  F0 = folio(p0, addr=0, flags=lru|swapbacked|uptodate)

cpu0
  fork(p0)
  user_write(p1, 0)
  user_read(p0, 0)
cpu1
  reclaim()
cpu2
  user_write(p0, 0)
