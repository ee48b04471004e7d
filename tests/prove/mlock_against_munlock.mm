# foliofuzz repro v1
# mlock and munlock of one VMA, and their batches.
model: v6.12

init
  v0 = vma(p0, 0..1, anon)

cpu0
  mlock(p0, 0)
cpu1
  munlock(p0, 0)
