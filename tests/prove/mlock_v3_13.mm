# foliofuzz repro v1
# mlock and munlock, v3.13.
model: v3.13

init
  v0 = vma(p0, 0..1, anon)

cpu0
  mlock(p0, 3)
cpu1
  munlock(p0, 0)
