//! Freeze entitlement: whoever freezes a count accounts for every reference in it.

use super::{Check, CheckSpec, Finding, KindSpec, View};
use crate::vocab::*;

static ENTITLEMENT: KindSpec = KindSpec {
    check: "freeze",
    name: "entitlement",
    predictive: false,
    code: "R5, R-FREEZE-BAD",
    doc: "A freeze matched the count, but counted references that are not the freezer's to count.",
};

#[derive(Default)]
pub(super) struct Freeze;

impl Check for Freeze {
    const SPEC: CheckSpec =
        CheckSpec { name: "freeze", title: "freeze entitlement", kinds: &[&ENTITLEMENT] };
    const TOPICS: Topics = Topics::none().writes(Field::Refcount);

    #[inline]
    fn on(&mut self, v: &View, e: &Event) -> Option<Finding> {
        if e.note != Note::RefFreeze || e.kind != Kind::Rmw {
            return None;
        }
        let f = e.obj.as_folio()?;
        let a = v.ledger.account(f);
        let own = [Owner::Alloc, Owner::Isolation, Owner::Lookup, Owner::LookupBatch];
        let mine: u32 = own.iter().map(|o| a.of(*o, e.cpu as usize)).sum();
        let private = (v.m.peek(Obj::folio(f, Field::Flags)) & PG_PRIVATE != 0) as u32;
        let cache = a.owner_total(Owner::PageCache);
        let entitled = mine.min(1) + cache.min(1) + a.owner_total(Owner::Private).min(private);
        let last = a.last_change.filter(|c| c.1 != e.task).map(|c| c.0);
        (a.total() != entitled).then(|| ENTITLEMENT.at(e).with_other(last))
    }
}
