# foliofuzz repro v1
# BUG: MMSAN: quiesce-locked in filemap_add_folio
# cause: mutant_read_never_ends
model: v6.12
bug: mutant_read_never_ends
expect: quiesce/locked:filemap_add_folio

init
  m0 = mapping(aops=writepages)

cpu0
  readahead(m0, 0)
