# foliofuzz repro v1
# A page that ends mlocked or not.
model: v6.12

init
  v0 = vma(p0, 0..1, anon)
  F0 = folio(p0, addr=0, flags=lru|swapbacked|uptodate)

cpu0
  mlock(p0, 0)
cpu1
  munlock(p0, 0)
