# foliofuzz repro v1
# Two processes fault a page in while swap is switched off.
model: v6.12
expect: clean

init
  v0 = vma(p0, 0..2, anon)
  v3 = vma(p1, 0..2, anon)
  s0 = swap(p0, addr=0)
  s1 = swap(p1, addr=1)

cpu0
  user_read(p0, 0)
cpu1
  user_write(p1, 1)
cpu2
  swapoff()
