# foliofuzz repro v1
# The page cache gives its reference back twice: every schedule shows it.
model: v4.14
bug: mutant_double_cache_put

init
  m0 = mapping()
  F0 = folio(m0, index=0)

cpu0
  filemap_lock_folio(m0, 0)
cpu1
  evict(m0)
