# foliofuzz repro v1
# BUG: MMSAN: anon-vma in anon_vma_free / anon_vma_lock_read
# cause: mutant_migration_drops_anon_vma
model: v6.12
bug: mutant_migration_drops_anon_vma
expect: uaf/anon-vma:anon_vma_free+anon_vma_lock_read

init
  v0 = vma(p0, 0..1, anon)
  F0 = folio(p0, addr=0, flags=lru|swapbacked)

cpu0
  migrate_page(p0, 0, mode=sync)
cpu1
  munmap(p0, 0)

schedule
  cpu0 op1 until __folio_migrate_mapping.folio_copy_mapping#1 then cpu1
