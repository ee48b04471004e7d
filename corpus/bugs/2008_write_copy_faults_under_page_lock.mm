# foliofuzz repro v1
# cause: 2008_write_copy_faults_under_page_lock
model: v6.12
bug: 2008_write_copy_faults_under_page_lock
expect: lockdep/self-deadlock:__folio_lock_killable

init
  m0 = mapping(aops=writepages)
  v0 = vma(p0, 1..2, shared, m0)
  F0 = folio(m0, index=1, maps=p0, flags=lru)

cpu0
  filemap_write_from(m0, 1, 1)
cpu1
  madvise(p0, 1, advice=dontneed)

schedule
  cpu0 op1 until __filemap_get_folio.folio_raw_mapping#1 then cpu1
