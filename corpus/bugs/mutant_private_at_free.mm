# foliofuzz repro v1
# BUG: MMSAN: badpage-private in shrink_folio_list
# cause: mutant_private_at_free
model: v6.12
bug: mutant_private_at_free
expect: badpage/private:shrink_folio_list

init
  m0 = mapping(aops=writepages|buffers)
  F0 = folio(m0, index=0, flags=lru|private)

cpu0
  shrink_inactive_list(list=inactive_file)
