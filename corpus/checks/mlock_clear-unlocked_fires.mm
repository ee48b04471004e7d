# foliofuzz repro v1
# munlock clears PG_mlocked under the lru_lock alone.
model: v3.13
fix: 2017_munlock_pagevec_count
expect: mlock/clear-unlocked

init
  m0 = mapping()
  v0 = vma(p0, 2..3, nonlinear, m0, flags=locked)
  F0 = folio(m0, index=2, maps=p0, flags=mlocked)

cpu0
  exit(p0)
