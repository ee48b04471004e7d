# foliofuzz repro v1
# BUG: MMSAN: use-after-free in end_swap_bio_write / shrink_folio_list
# cause: mutant_write_after_end
model: v6.12
bug: mutant_write_after_end
expect: uaf/content:end_swap_bio_write+shrink_folio_list

init
  v0 = vma(p0, 0..1, anon)
  F0 = folio(p0, addr=0, flags=lru|swapbacked)

cpu0
  madvise(p0, 0, advice=pageout)

schedule
  cpu0 op1 until shrink_folio_list.folio_test_writeback#2 then io
  io op1 until end_swap_bio_write.device_write#1 then cpu0
