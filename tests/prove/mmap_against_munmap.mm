# foliofuzz repro v1
# Two writers of mmap_lock, one of whom finds nothing to do.
model: v6.12

init
  m0 = mapping()

cpu0
  mmap(p0, 0, what=anon)
cpu1
  munmap(p0, 2)
