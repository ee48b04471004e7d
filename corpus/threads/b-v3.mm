# foliofuzz repro v1
# Thread B, variant V3: a write takes a swap-cache page over while it is migrated.
model: v5.0
expect: clean

init
  v0 = vma(p0, 1..2, anon)
  F0 = folio(p0, addr=1, flags=lru|swapbacked|swapcache)

cpu0
  migrate_page(p0, 1, mode=async)
cpu1
  user_write(p0, 1)
