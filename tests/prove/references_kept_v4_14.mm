# foliofuzz repro v1
# References that are kept beyond the operation, and put; v4.14.
model: v4.14

init
  m0 = mapping()
  F0 = folio(m0, index=0)

cpu0
  get_and_hold(m0, 0)
  put_held()
cpu1
  get_and_hold(m0, 0)
  put_held()
