# foliofuzz repro v1
# Thread B, 2019: migration freezes a swap-cache page, having counted the reference of a page table as one of its own.
# The expected count never includes user mappings: all of them are gone before the page is frozen.
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
  cpu1 until handle_pte_fault.pte_offset_map_lock#1
  cpu0 until migrate_page_move_mapping.folio_ref_freeze#1
  p0.pte[1] = F0 /\ F0.ref = 3
  cpu0: migrate_page_move_mapping.folio_ref_freeze#1 -> ok
  cpu1: reuse_swap_page.folio_test_swapcache#1 -> 1
