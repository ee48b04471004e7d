# foliofuzz repro v1
# A fault where nothing is mapped against mmap.
model: v6.12

init
  v0 = vma(p0, 0..1, anon)

cpu0
  user_read(p0, 2)
cpu1
  mmap(p0, 2, what=m0_shared)
