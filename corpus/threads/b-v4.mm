# foliofuzz repro v1
# Thread B, variant V4: an anonymous page outside the swap cache is moved without a freeze.
model: v5.0
expect: clean

init
  v0 = vma(p0, 1..2, anon)
  F0 = folio(p0, addr=1, flags=lru|swapbacked)

cpu0
  migrate_page(p0, 1, mode=async)
cpu1
  user_read(p0, 1)
