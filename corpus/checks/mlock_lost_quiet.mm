# foliofuzz repro v1
# The page is still mapped by a nonlinear VM_LOCKED VMA, which nobody looks at.
model: v3.13
expect: clean

init
  m0 = mapping()
  v0 = vma(p0, 0..1, shared, m0, flags=locked)
  v3 = vma(p1, 0..1, nonlinear, m0, flags=locked)
  F0 = folio(m0, index=0, maps=p0|p1, flags=lru|mlocked)

cpu0
  remap_file_pages(p0, 0, 1)
