# foliofuzz repro v1
# A long-term pin of a page that moves to another address.
model: v6.12
expect: clean

init
  v0 = vma(p0, 0..2, anon)
  F0 = folio(p0, addr=0, flags=lru|swapbacked|uptodate)

cpu0
  gup_pin(p0, 0, how=longterm)
  pin_io(how=read)
cpu1
  mremap(p0, 0, 2)
cpu2
  compact(F0, nr=1, mode=sync)
