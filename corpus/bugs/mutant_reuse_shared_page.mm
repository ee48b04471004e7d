# foliofuzz repro v1
# BUG: MMSAN: exclusive-shared in wp_page_reuse
# cause: mutant_reuse_shared_page
model: v6.12
bug: mutant_reuse_shared_page
expect: rmap/exclusive-shared:wp_page_reuse

init
  v0 = vma(p0, 0..1, anon)
  F0 = folio(p0, addr=0, flags=swapbacked)

cpu0
  fork(p0)
cpu1
  user_write(p0, 0)
