# foliofuzz repro v1
# Reclaim has isolated the page when MADV_FREE makes its entry clean; the slot it gets has what was another page's.
# cause: 2017_lazyfree_swapped_out_clean
model: v6.12
bug: 2017_lazyfree_swapped_out_clean
expect: content/wrong-page:op

init
  v0 = vma(p0, 0..2, anon)
  F0 = folio(p0, addr=0, flags=lru|swapbacked)
  s0 = swap(p0, addr=1)

cpu0
  madvise(p0, 0, advice=pageout)
  user_read(p0, 0)
cpu1
  madvise(p0, 1, advice=dontneed)
  madvise(p0, 0, advice=free)

schedule
  cpu0 op1 until shrink_folio_list.folio_trylock#1 then cpu1
