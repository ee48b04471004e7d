//! Freeze entitlement: whoever freezes a count accounts for every reference in it.

use super::{Check, CheckSpec, Finding, KindSpec, View};
use crate::vocab::*;

kinds! { "freeze":
    ENTITLEMENT = "entitlement" actual "R5, I-B1, I-B3, I-D8, R-FREEZE-BAD"
        "A freeze matched the count, but counted references that are not the freezer's to count.";
}

/// What a freezer can hold of its own: one of them.
const OWN: [Owner; 4] = [Owner::Alloc, Owner::Isolation, Owner::Lookup, Owner::LookupBatch];

#[derive(Default)]
pub(super) struct Freeze;

impl Check for Freeze {
    const SPEC: CheckSpec = CheckSpec { name: "freeze", title: "freeze entitlement", kinds: KINDS };
    const TOPICS: Topics = Topics::none().writes(Field::Refcount);

    #[inline]
    fn on(&mut self, v: &View, e: &Event) -> Option<Finding> {
        if e.note != Note::RefFreeze || e.kind != Kind::Rmw {
            return None;
        }
        let f = e.obj.as_folio()?;
        let a = v.ledger.account(f);
        let last = a.last_change.filter(|c| c.1 != e.task).map(|c| c.0);
        let mine: u32 = OWN.iter().map(|o| a.of(*o, e.cpu as usize)).sum();
        let private = (v.m.peek_flags(f, PG_PRIVATE) != 0) as u32;
        // The page cache's or the swap cache's: the model has no folio in both.
        let cache = a.owner_total(Owner::PageCache) + a.owner_total(Owner::SwapCache);
        let entitled = mine.min(1) + cache.min(1) + a.owner_total(Owner::Private).min(private);
        (a.total() != entitled).then(|| ENTITLEMENT.at(e).with_other(last))
    }
}
