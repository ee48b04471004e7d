//! Nothing is left over when everything has ended.

use super::{Check, CheckSpec, Finding, KindSpec, View};
use crate::vocab::*;

macro_rules! kinds {
    ($($id:ident = $name:literal $code:literal $doc:literal;)+) => {
        $(static $id: KindSpec =
            KindSpec { check: "quiesce", name: $name, predictive: false, code: $code, doc: $doc };)+
        static KINDS: &[&KindSpec] = &[$(&$id),+];
    };
}

kinds! {
    LOCKED = "locked" "L8" "At rest, a folio is locked.";
    WRITEBACK = "writeback" "L8" "At rest, a folio is under writeback.";
    FROZEN = "frozen" "R11" "At rest, a folio in use has a count of 0.";
    WAITER = "waiter" "L8" "At rest, a wait queue is not empty.";
    BATCH = "batch" "MM-6.12 17.7" "At rest, a per-CPU batch is not empty.";
}

#[derive(Default)]
pub(super) struct Quiesce;

impl Check for Quiesce {
    const SPEC: CheckSpec = CheckSpec { name: "quiesce", title: "state at rest", kinds: KINDS };
    const TOPICS: Topics = Topics::none().note(Note::Quiescent);

    fn on(&mut self, v: &View, e: &Event) -> Option<Finding> {
        for (f, folio) in v.cx.folios.iter().enumerate().filter(|(_, folio)| !folio.free) {
            let flags = v.m.peek(Obj::folio(f, Field::Flags));
            let kind = match () {
                _ if flags & PG_LOCKED != 0 => &LOCKED,
                _ if flags & PG_WRITEBACK != 0 => &WRITEBACK,
                _ if v.m.peek(Obj::folio(f, Field::Refcount)) == 0 => &FROZEN,
                _ => continue,
            };
            return Some(kind.at(e).folio(f).with_other(Some(folio.locked_at).filter(|s| *s != 0)));
        }
        if (0..WAIT_QUEUES).any(|q| !Seq(v.m.peek(Obj::queue(q))).is_empty()) {
            return Some(WAITER.at(e));
        }
        let batches = (0..PROCESSORS).flat_map(|c| (0..BATCHES).map(move |b| Obj::batch(c, b)));
        batches.into_iter().any(|b| !Seq(v.m.peek(b)).is_empty()).then(|| BATCH.at(e))
    }
}
