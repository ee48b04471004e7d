# foliofuzz repro v1
# BUG: MMSAN: private-write in op
# cause: mutant_mprotect_private_file
model: v6.12
bug: mutant_mprotect_private_file
expect: content/private-write:op

init
  m0 = mapping()
  v1 = vma(p0, 2..3, private, m0)
  F0 = folio(m0, index=2, maps=p0)

cpu0
  mprotect(p0, 2, how=ro)
  user_write(p0, 2)
cpu1
  mprotect(p0, 2, how=rw)

schedule
  cpu0 op2 until op.mmget_not_zero#1 then cpu1
