# foliofuzz repro v1
# BUG: MMSAN: not-in-slot in me_pagecache_clean
# cause: mutant_delete_keeps_mapping
model: v6.12
bug: mutant_delete_keeps_mapping
expect: pagecache/not-in-slot:me_pagecache_clean

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru)

cpu0
  memory_failure(F0)
