# foliofuzz repro v1
# A dirty entry is cleared for a migration to a device that has no room; reclaim drops the page unwritten.
# cause: 2022_device_migration_loses_dirty
model: v6.12
bug: 2022_device_migration_loses_dirty
expect: content/lost-data:__delete_from_swap_cache

init
  v0 = vma(p0, 1..2, anon)
  s0 = swap(p0, addr=1)

cpu0
  user_read(p0, 1)
  user_write(p0, 1)
  migrate_vma(p0, 1)
  madvise(p0, 1, advice=pageout)
