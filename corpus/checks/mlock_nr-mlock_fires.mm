# foliofuzz repro v1
# A page that is on no list is munlocked.
model: v3.13
expect: mlock/nr-mlock

init
  m0 = mapping()
  v0 = vma(p0, 2..3, shared, m0, flags=locked)
  F0 = folio(m0, index=2, maps=p0, flags=mlocked)

cpu0
  munmap(p0, 1)
