# foliofuzz repro v1
# Fork against a fast pin: whoever is first decides who copies.
model: v6.12
expect: clean

init
  v0 = vma(p0, 0..2, anon)
  F0 = folio(p0, addr=0, flags=lru|swapbacked|uptodate)

cpu0
  fork(p0)
  user_write(p0, 0)
cpu1
  gup_pin(p0, 0, how=fast_write)
  pin_io(how=write)
  unpin(how=dirty)
