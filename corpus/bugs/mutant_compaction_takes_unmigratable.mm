# foliofuzz repro v1
model: v6.12
bug: mutant_compaction_takes_unmigratable
expect: regress/blocking-migrate

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru|dirty|uptodate)

cpu0
  compact(F0, nr=1, mode=async)
