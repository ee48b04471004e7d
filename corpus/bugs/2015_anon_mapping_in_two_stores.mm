# foliofuzz repro v1
# The scan sees an anonymous page, and on its second look one of a file.
# cause: 2015_anon_mapping_in_two_stores
model: v6.12
bug: 2015_anon_mapping_in_two_stores
expect: mapping/unprotected-deref:rmap_walk_file

init
  v0 = vma(p0, 0..1, anon)
  F0 = folio(p0, addr=0, flags=lru|active|swapbacked|uptodate)

cpu0
  fork(p0)
  exit(p1)
  user_write(p0, 0)
cpu1
  shrink_active_list(list=active_anon)

schedule
  cpu0 op3 until folio_move_anon_rmap.folio_set_anon_mapping#1 then cpu1
  cpu0 op3 until folio_move_anon_rmap.folio_set_anon_mapping#2 then cpu1
  cpu1 op1 until rmap_walk.folio_test_anon#1 then cpu0
