# foliofuzz repro v1
# The cluster scan mlocks a page that it has not locked.
model: v3.13
bug: 2014_mlock_without_bug_on
fix: 2014_cluster_mlocks_unlocked
expect: mlock/set-unlocked

init
  m0 = mapping()
  v0 = vma(p0, 0..2, nonlinear, m0, flags=locked)
  F0 = folio(m0, index=0, maps=p0, flags=lru)
  F1 = folio(m0, index=1, maps=p0, flags=lru)

cpu0
  shrink_inactive_list(list=inactive_file)
