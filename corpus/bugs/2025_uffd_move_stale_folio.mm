# foliofuzz repro v1
# cause: 2025_uffd_move_stale_folio
model: v6.12
bug: 2025_uffd_move_stale_folio
expect: vmbug/anon-rmap:folio_add_anon_rmap_pte

init
  v0 = vma(p0, 0..2, anon)
  s0 = swap(p0, addr=0)

cpu0
  uffd_move(p0, 0, 1)
  user_read(p0, 1)
cpu1
  user_write(p0, 0)
  madvise(p0, 0, advice=pageout)

schedule
  cpu0 op1 until move_swap_pte.pte_offset_map_lock#1 then cpu1
  cpu1 op1 until blocked#1 then io
  io op1 until end then cpu1
