# foliofuzz repro v1
# A swap-in whose entry is set before the page is marked exclusive, against a fast pin.
# cause: 2018_swapin_entry_before_rmap
model: v6.12
bug: 2018_swapin_entry_before_rmap
expect: vmbug/not-exclusive:sanity_check_pinned_pages

init
  v0 = vma(p0, 1..2, anon)
  s1 = swap(p0, addr=1)

cpu0
  user_write(p0, 1)
cpu1
  gup_pin(p0, 1, how=fast)

schedule
  cpu0 op1 until folio_add_new_anon_rmap.set_page_anon_exclusive#1 then cpu1
