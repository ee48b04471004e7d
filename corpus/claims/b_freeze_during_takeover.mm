# foliofuzz repro v1
# Thread B, 2019: the same page is frozen while do_wp_page() takes it over. It has the page table lock there.
model: v5.0
verdict: impossible:3

init
  v0 = vma(p0, 1..2, anon)
  F0 = folio(p0, addr=1, flags=lru|swapbacked|swapcache)

cpu0
  migrate_page(p0, 1, mode=async)
cpu1
  user_write(p0, 1)

claim exactly
  cpu0: __unmap_and_move.folio_trylock#1(F0) -> ok
  cpu1 until do_wp_page.folio_trylock#1
  cpu0: migrate_page_move_mapping.folio_ref_freeze#1 -> ok
