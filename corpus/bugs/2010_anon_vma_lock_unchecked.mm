# foliofuzz repro v1
# cause: 2010_anon_vma_lock_unchecked
model: v6.12
bug: 2010_anon_vma_lock_unchecked
expect: uaf/anon-vma:anon_vma_free+rmap_walk_anon

init
  v0 = vma(p0, 0..1, anon)
  F0 = folio(p0, addr=0, flags=lru|swapbacked)

cpu0
  reclaim()
cpu1
  munmap(p0, 0)

schedule
  cpu0 op1 until folio_lock_anon_vma_read.down_read_trylock#1 then cpu1
