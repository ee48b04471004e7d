# foliofuzz repro v1
# The last mapping goes, and its anon_vma with it, after migration saw that the page has users.
# cause: 2010_migrate_unmapped_anon
model: v6.12
bug: 2010_migrate_unmapped_anon
expect: uaf/anon-vma:anon_vma_free+put_anon_vma

init
  v0 = vma(p0, 0..1, anon)
  F0 = folio(p0, addr=0, flags=lru|swapbacked)

cpu0
  compact(F0, nr=1, mode=sync)
cpu1
  munmap(p0, 0)

schedule
  cpu0 op1 until get_anon_vma.refcount#1 then cpu1
