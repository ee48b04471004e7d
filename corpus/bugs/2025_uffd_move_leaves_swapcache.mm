# foliofuzz repro v1
# cause: 2025_uffd_move_leaves_swapcache
model: v6.12
bug: 2025_uffd_move_leaves_swapcache
expect: vmbug/anon-rmap:folio_add_anon_rmap_pte

init
  v0 = vma(p0, 0..2, anon)
  F0 = folio(p0, addr=0, flags=lru|swapbacked|dirty)

cpu0
  madvise(p0, 0, advice=pageout)
  user_read(p0, 1)
cpu1
  uffd_move(p0, 0, 1)

schedule
  cpu0 op2 until do_anonymous_page.pte_offset_map_lock#1 then cpu1
