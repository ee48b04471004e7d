# foliofuzz repro v1
# BUG: MMSAN: mapped-beyond in op
model: v6.12
bug: mutant_fault_beyond_eof
expect: pagecache/mapped-beyond:op

init
  m0 = mapping()
  v0 = vma(p0, 1..2, shared, m0)

cpu0
  user_write(p0, 1)
cpu1
  truncate(m0, 0)

schedule
  cpu0 op1 until filemap_get_entry.folio_try_get#1 then cpu1
