# foliofuzz repro v1
model: v5.0
bug: 2019_reuse_swap_page_unlocked
expect: vmbug/not-locked:reuse_swap_page

init
  v0 = vma(p0, 1..2, anon)
  F0 = folio(p0, addr=1, flags=lru|swapbacked|swapcache)

cpu0
  user_write(p0, 1)
