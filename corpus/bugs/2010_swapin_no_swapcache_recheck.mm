# foliofuzz repro v1
# A fault waits for the page of its slot while the slot gets another page behind an equal entry.
# cause: 2010_swapin_no_swapcache_recheck
model: v6.12
bug: 2010_swapin_no_swapcache_recheck
expect: vmbug/exclusive:do_swap_page

init
  v0 = vma(p0, 1..2, anon)
  s0 = swap(p0, addr=1)

cpu0
  user_read(p0, 1)
cpu1
  user_read(p0, 1)
  madvise(p0, 1, advice=dontneed)
  user_write(p0, 1)
  madvise(p0, 1, advice=pageout)

schedule
  cpu0 op1 until folio_lock_or_retry.folio_trylock#2 then cpu1
