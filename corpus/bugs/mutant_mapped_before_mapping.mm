# foliofuzz repro v1
# BUG: MMSAN: mapped-detached in folio_add_new_anon_rmap
# cause: mutant_mapped_before_mapping
model: v6.12
bug: mutant_mapped_before_mapping
expect: rmap/mapped-detached:folio_add_new_anon_rmap

init
  m0 = mapping()
  v2 = vma(p0, 2..3, private, m0)

cpu0
  gup_pin(p0, 2, how=fast_write)
