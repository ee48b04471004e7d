# foliofuzz repro v1
# munlock with mmap_lock shared: some schedules show it.
model: v6.12
bug: mutant_munlock_shared_lock

init
  v0 = vma(p0, 0..1, anon)

cpu0
  mlock(p0, 0)
cpu1
  munlock(p0, 0)
