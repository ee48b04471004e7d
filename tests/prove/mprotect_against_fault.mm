# foliofuzz repro v1
# A writer and a reader of mmap_lock.
model: v6.12

init
  v0 = vma(p0, 0..1, anon)

cpu0
  user_read(p0, 3)
cpu1
  mprotect(p0, 0, how=ro)
