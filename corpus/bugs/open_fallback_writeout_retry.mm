# foliofuzz repro v1
# BUG: MMSAN: fallback-retry in __migrate_folio
# cause: open_fallback_writeout_retry
model: v6.12
bug: open_fallback_writeout_retry
expect: migration/fallback-retry:__migrate_folio

init
  m0 = mapping(aops=writepages|writepage)
  v0 = vma(p0, 1..2, shared, m0)
  F0 = folio(m0, index=1, maps=p0, flags=lru|dirty)

cpu0
  migrate_folio(m0, 1, mode=sync)

schedule
  cpu0 op1 until folio_needs_release.folio_has_private#1 then io
