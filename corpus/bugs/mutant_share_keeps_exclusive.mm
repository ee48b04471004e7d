# foliofuzz repro v1
# BUG: MMSAN: swap-exclusive in page_vma_mapped_walk_done
# cause: mutant_share_keeps_exclusive
model: v6.12
bug: mutant_share_keeps_exclusive
expect: rmap/swap-exclusive:page_vma_mapped_walk_done

init
  v0 = vma(p0, 0..1, anon)
  F0 = folio(p0, addr=0, flags=lru|swapbacked)

cpu0
  reclaim()
  reclaim()
