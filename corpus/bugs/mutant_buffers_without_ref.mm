# foliofuzz repro v1
# BUG: MMSAN: put-unowned in drop_buffers / free_pages_and_swap_cache
# cause: mutant_buffers_without_ref
model: v6.12
bug: mutant_buffers_without_ref
expect: refcount/put-unowned:drop_buffers+free_pages_and_swap_cache

init
  m0 = mapping(aops=writepages|buffers)
  v0 = vma(p0, 1..2, shared, m0)

cpu0
  gup_get(p0, 1, how=read)
  kill_bdev(m0)
