# foliofuzz repro v1
# Two faults read one page: mmap_lock shared.
model: v6.12

init
  v0 = vma(p0, 0..1, anon)
  F0 = folio(p0, addr=0, flags=lru|swapbacked)

cpu0
  user_read(p0, 0)
cpu1
  user_read(p0, 0)
