# foliofuzz repro v1
# Two writers of mmap_lock, who also look at what the other changes.
model: v6.12

init
  m0 = mapping()

cpu0
  mmap(p0, 0, what=anon)
cpu1
  mmap(p0, 2, what=anon)
