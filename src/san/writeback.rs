//! PG_writeback: who sets it and when, and the completion that clears it (MM-6.12 17.6).

use super::state::*;
use super::{Check, CheckSpec, Finding, KindSpec, View};
use crate::vocab::*;

kinds! { "writeback":
    START_UNLOCKED = "start-unlocked" predictive "W2" "Writeback of a folio is started without the folio lock.";
    START_DETACHED = "start-detached" actual "W1" "Writeback is started on a folio that is in no cache.";
    END_UNREF = "end-unref" predictive "W2"
        "PG_writeback is cleared without the reference that keeps the folio until its waiters are woken.";
    REMAPPED = "detached" actual "W1" "A folio under writeback loses its file.";
}

#[derive(Default)]
pub(super) struct Writeback;

impl Writeback {
    fn flags(v: &View, f: usize, e: &Event) -> Option<Finding> {
        let changed = (e.old ^ e.new) & PG_WRITEBACK;
        if changed == 0 || !v.cx.running || v.cx.folios[f].free || e.note == Note::NonAtomicFlag {
            return None;
        }
        if e.new & PG_WRITEBACK == 0 {
            let kept = v.ledger.account(f).owner_total(Owner::Completion) != 0;
            if !kept && v.m.model().kernel.has_folios() {
                return Some(END_UNREF.at(e));
            }
            // Whoever is woken for this may meet the next writeback.
            return (v.hints && e.old & PG_WAITERS != 0).then(|| END_UNREF.hint(e));
        }
        if !v.cx.has_folio_locked(f, e) {
            return Some(START_UNLOCKED.at(e));
        }
        let cached = slots(v.m).any(|(_, _, w)| slot_folio(w) == Some(f));
        (!cached).then(|| START_DETACHED.at(e))
    }
}

impl Check for Writeback {
    const SPEC: CheckSpec = CheckSpec { name: "writeback", title: "the writeback bit", kinds: KINDS };
    const TOPICS: Topics = Topics::none().flag_changes().writes(Field::FolioMapping);

    #[inline]
    fn on(&mut self, v: &View, e: &Event) -> Option<Finding> {
        let f = e.obj.as_folio()?;
        match e.obj.field() {
            Field::Flags if e.wrote() => Writeback::flags(v, f, e),
            Field::FolioMapping if e.note == Note::MappingStore && e.new == 0 && e.old != 0 => {
                let busy = flags(v.m, f) & PG_WRITEBACK != 0 && v.cx.running;
                busy.then(|| REMAPPED.at(e))
            }
            _ => None,
        }
    }
}
