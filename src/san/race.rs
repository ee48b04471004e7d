//! Data races, told before they happen: plain accesses to what a lock guards, without the lock.
//!
//! A lockset check: the reference names the lock of every word it accesses plainly, so that a plain access without it
//! is unordered with the holder's. Words whose plain accesses are ordered otherwise (fresh folios, the folio lock) and
//! documented races (`data_race()`, marked accesses) are not asked about. `mlock_count` is `lru`'s, swap bytes are
//! `swap`'s, page-table entries are `rmap`'s, slots are `pagecache`'s.

use super::state::root;
use super::{Check, CheckSpec, Finding, KindSpec, View};
use crate::vocab::*;

kinds! { "race":
    STORE = "unguarded-store" predictive "MM-6.12 14" "A word is written plainly without the lock that guards it.";
    LOAD = "unguarded-load" predictive "MM-6.12 14" "A word is read plainly without the lock that guards it.";
}

#[derive(Default)]
pub(super) struct Race {
    /// Last plain store to each kind of word, for reports: event and task.
    stored: [Option<(u32, u8)>; 6],
}

/// The lock that guards the event's object, and the object's number among the guarded words.
fn guard(v: &View, e: &Event) -> Option<(Obj, usize)> {
    let place = e.obj.place();
    let i = place.index as usize;
    Some(match place.field {
        Field::LruList => (Obj::lru_lock(), 0),
        Field::Queue => (Obj::queue_lock(i), 1),
        Field::NrPages => (Obj::mapping(i, Field::XaLock), 2),
        Field::Marks => (Obj::mapping(i, Field::XaLock), 3),
        Field::IMmap | Field::IMmapNonlinear => (Obj::mapping(i, Field::IMmapRwsem), 4),
        Field::AvTree => (Obj::at(Field::AvRwsem, root(v.m, i).filter(|r| *r < ANON_VMAS)?, 0), 5),
        _ => return None,
    })
}

impl Check for Race {
    const SPEC: CheckSpec = CheckSpec { name: "race", title: "plain accesses without the guarding lock", kinds: KINDS };
    const TOPICS: Topics = Topics::none()
        .field(Field::LruList)
        .field(Field::Queue)
        .writes(Field::NrPages)
        .writes(Field::Marks)
        .field(Field::IMmap)
        .field(Field::IMmapNonlinear)
        .field(Field::AvTree);

    fn reset(&mut self) {
        *self = Race::default();
    }

    #[inline]
    fn on(&mut self, v: &View, e: &Event) -> Option<Finding> {
        if e.order != Order::Plain || e.kind == Kind::Note || !v.cx.running {
            return None;
        }
        let (lock, word) = guard(v, e)?;
        let held = v.cx.task(e).holds(lock);
        // A shared holder may only read.
        let exclusive = v.m.peek(lock) == e.task as u64 + 1;
        let before = if e.wrote() { self.stored[word].replace((e.seq, e.task)) } else { self.stored[word] };
        let other = before.filter(|s| s.1 != e.task).map(|s| s.0);
        match e.kind {
            Kind::Load if !held => Some(LOAD.at(e).with_other(other)),
            Kind::Store | Kind::Rmw if !held || !exclusive => Some(STORE.at(e).with_other(other)),
            _ => None,
        }
    }
}
