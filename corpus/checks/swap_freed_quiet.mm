# foliofuzz repro v1
model: v6.12
expect: clean

init
  v0 = vma(p0, 0..1, anon)
  s1 = swap(p0, addr=0)

cpu0
  user_read(p0, 0)
cpu1
  swapoff()

schedule
  cpu0 op1 until folio_alloc.free_list#1 then cpu1
