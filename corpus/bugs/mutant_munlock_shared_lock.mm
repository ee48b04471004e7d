# foliofuzz repro v1
model: v6.12
bug: mutant_munlock_shared_lock
expect: mlock/vm-flags

init
  v0 = vma(p0, 0..2, anon)
  F0 = folio(p0, addr=0, flags=lru|swapbacked|uptodate)

cpu0
  mlock(p0, 0)
  munlock(p0, 0)
