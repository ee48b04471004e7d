# foliofuzz repro v1
# BUG: MMSAN: badpage-mapping in free_pages_prepare
# cause: mutant_attached_at_free
model: v6.12
bug: mutant_attached_at_free
expect: badpage/mapping:free_pages_prepare

init
  m0 = mapping()
  F0 = folio(m0, index=0)

cpu0
  replace_page_cache_folio(m0, 0)
