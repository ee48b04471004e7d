# foliofuzz repro v1
# BUG: MMSAN: badpage-unevictable in invalidate_inode_pages2_range
# cause: mutant_unevictable_at_free
model: v6.12
bug: mutant_unevictable_at_free
expect: badpage/unevictable:invalidate_inode_pages2_range

init
  m0 = mapping(flags=unmovable)
  F0 = folio(m0, index=0, flags=lru)

cpu0
  invalidate_inode_pages2(m0, 0)
