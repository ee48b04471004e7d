# foliofuzz repro v1
# BUG: MMSAN: free-owned in free_pages_and_swap_cache / shrink_folio_list
# cause: mutant_lazyfree_without_freeze
model: v6.12
bug: mutant_lazyfree_without_freeze
expect: refcount/free-owned:free_pages_and_swap_cache+shrink_folio_list

init
  v0 = vma(p0, 0..1, anon)
  F0 = folio(p0, addr=0, flags=lru|swapbacked)

cpu0
  gup_get(p0, 0, how=read)
cpu1
  madvise(p0, 0, advice=free)
  exit(p0)
  shrink_inactive_list(list=inactive_file)
