# foliofuzz repro v1
model: v6.12
bug: 2023_unmovable_lock_every_folio
expect: audit/needless-lock

init
  m0 = mapping()
  F0 = folio(m0, index=0, flags=lru|uptodate)

cpu0
  compact(F0, nr=1, mode=async)
