# foliofuzz repro v1
# mlock and munlock race with isolation for PG_lru.
model: v6.12
expect: clean

init
  v0 = vma(p0, 0..2, anon)
  F0 = folio(p0, addr=0, flags=lru|swapbacked|uptodate)

cpu0
  mlock(p0, 0)
  munlock(p0, 0)
cpu1
  shrink_inactive_list(list=inactive_anon)
cpu2
  migrate_page(p0, 0, mode=async)
