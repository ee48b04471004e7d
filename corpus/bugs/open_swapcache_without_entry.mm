# foliofuzz repro v1
# BUG: MMSAN: vmbug-swapcache in folio_evictable
# cause: open_swapcache_without_entry
model: v6.12
bug: open_swapcache_without_entry
expect: vmbug/swapcache:folio_evictable

init
  v0 = vma(p0, 0..1, anon)
  s0 = swap(p0, addr=0)

cpu0
  user_read(p0, 0)
  madvise(p0, 0, advice=dontneed)
cpu1
  user_read(p0, 0)
  madvise(p0, 0, advice=dontneed)

schedule
  cpu0 op2 until folio_evictable.folio_mapping#2 then cpu1
