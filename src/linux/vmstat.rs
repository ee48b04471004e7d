//! `vmstat.h`: counters of the zone. Per-CPU differences in Linux, which commute: no scheduling point.

use crate::machine::m;
use crate::vocab::{Field, Note, Obj};

/// `mod_zone_page_state(zone, NR_MLOCK, delta)`: pages with PG_mlocked.
pub fn mod_nr_mlock(delta: i64) {
    crate::prim!(mod_zone_page_state);
    let count = Obj::at(Field::NrMlock, 0, 0);
    if delta != 0 {
        m().store_at_once(count, m().peek(count).wrapping_add_signed(delta), Note::Nothing, 0);
    }
}
