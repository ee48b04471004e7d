# foliofuzz repro v1
# A pin for writing: between its write fault and its second look MADV_DONTNEED drops the private copy.
# cause: 2005_gup_write_retried_as_read
model: v6.12
bug: 2005_gup_write_retried_as_read
expect: content/private-write:op

init
  m0 = mapping()
  v0 = vma(p0, 1..2, private, m0)

cpu0
  gup_pin(p0, 1, how=fast_write)
  pin_io(how=write)
cpu1
  madvise(p0, 1, advice=dontneed)

schedule
  cpu0 op1 until follow_page_pte.pte_offset_map_lock#3 then cpu1
