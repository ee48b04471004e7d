# foliofuzz repro v1
model: v6.12
bug: mutant_fault_puts_first
expect: pte/unreferenced

init
  m0 = mapping()
  v0 = vma(p0, 0..2, shared, m0)
  F0 = folio(m0, index=0, flags=lru|uptodate)

cpu0
  user_write(p0, 0)
