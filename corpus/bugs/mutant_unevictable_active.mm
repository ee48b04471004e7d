# foliofuzz repro v1
# BUG: MMSAN: active-unevictable in lru_add
# cause: mutant_unevictable_active
model: v6.12
bug: mutant_unevictable_active
expect: vmbug/active-unevictable:lru_add

init
  m0 = mapping()
  v0 = vma(p0, 0..1, private, m0, flags=locked)
  F0 = folio(m0, index=0, flags=lru|active)

cpu0
  gup_pin(p0, 0, how=fast)
cpu1
  shrink_active_list(list=active_file)
