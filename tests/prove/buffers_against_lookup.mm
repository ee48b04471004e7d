# foliofuzz repro v1
# Private data is attached under the page lock, v5.0.
model: v5.0

init
  m0 = mapping()
  F0 = folio(m0, index=0)

cpu0
  create_buffers(m0, 0)
cpu1
  get_and_hold(m0, 0)
