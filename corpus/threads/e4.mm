# foliofuzz repro v1
# Thread E, variant E4: the unlocked test inside an RCU section that also reads the mapping, inodes freed by RCU.
model: v6.5
bug: 2023_unmovable_rcu_test
expect: clean

init
  m0 = mapping(flags=unmovable)
  F0 = folio(m0, index=0, flags=lru)

cpu0
  compact(F0, nr=1, mode=sync)
cpu1
  evict(m0)
