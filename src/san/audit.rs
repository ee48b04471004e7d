//! Audits: what the rules of the mail threads would have stricter than the kernels are. Soft, all of it.

use super::state::{file_of, flags, page, slot_folio, word};
use super::{Check, CheckSpec, Finding, KindSpec, View};
use crate::vocab::*;

kinds! { "audit":
    FOREIGN_LOCK = "foreign-lock" soft "I-C1, I-B6"
        "The kernel asserts that a folio is locked, and it is, but by another task.";
    UNVERIFIED = "unverified-lookup" soft "I-D4"
        "A folio found in a slot is mapped or locked, but the slot was not looked at again after the reference.";
    NEEDLESS_LOCK = "needless-lock" soft "I-E6"
        "Compaction locks a folio that is neither dirty nor unevictable.";
}

/// What lookups are followed by.
const LOOKUPS: Topics = Topics::none()
    .writes(Field::Flags)
    .writes(Field::Refcount)
    .writes(Field::PteCell)
    .field(Field::Slot)
    .note(Note::OpBegin);

/// One task's lookup.
#[derive(Clone, Copy, Default)]
struct Lookup {
    /// The folio in the slot read last, plus one.
    seen: u8,
    /// The folio got after that, plus one, until the slot is read again; and by which event.
    got: u8,
    at: u32,
    /// The point of it.
    nth: u16,
}

#[derive(Default)]
pub(super) struct Audit {
    lookups: [Lookup; TASKS],
}

impl Audit {
    fn unverified(&self, v: &View, f: usize, e: &Event) -> Option<Finding> {
        let l = self.lookups[e.task as usize];
        if l.got as usize != f + 1 {
            return None;
        }
        // Between the slot and the reference another task could have put the frame elsewhere.
        let found = if v.set.wants(&UNVERIFIED) { UNVERIFIED.at(e) } else { UNVERIFIED.hint(e) };
        Some(Finding { aim: Some(l.nth), ..found.folio(f).with_other(Some(l.at)) })
    }

    fn folio(&mut self, v: &View, f: usize, e: &Event) -> Option<Finding> {
        let by_slot = |aux| matches!(Owner::from_aux(aux).0, Owner::Lookup | Owner::LookupBatch | Owner::Fault);
        let l = &mut self.lookups[e.task as usize];
        match e.note {
            // Frames are scanned, too: those are in no slot that was read.
            Note::RefTryGet if e.kind == Kind::Rmw && by_slot(e.aux) && l.seen as usize == f + 1 => {
                (l.got, l.at, l.nth) = (l.seen, e.seq, v.m.nth(e.task as usize) as u16);
                None
            }
            Note::RefPut if l.got as usize == f + 1 => {
                l.got = 0;
                None
            }
            Note::FolioTrylock if e.kind == Kind::Rmw => needless(v, f, e).or_else(|| self.unverified(v, f, e)),
            Note::LockAsserted => {
                let locked = flags(v.m, f) & PG_LOCKED != 0 && v.cx.running;
                let foreign = locked && !v.cx.has_folio_locked(f, e) && v.set.wants(&FOREIGN_LOCK);
                foreign.then(|| FOREIGN_LOCK.at(e).with_other(Some(v.cx.folios[f].locked_at)))
            }
            _ => None,
        }
    }
}

/// Locks of compaction's filter are for the two questions only the mapping can answer.
fn needless(v: &View, f: usize, e: &Event) -> Option<Finding> {
    if !v.set.wants(&NEEDLESS_LOCK) {
        return None;
    }
    let scans = v.m.stack(e.task as usize).any(|n| n.name == "isolate_migratepages_block");
    let asked = flags(v.m, f) & PG_DIRTY != 0 || flags(v.m, f) & PG_UNEVICTABLE != 0 && file_of(v.m, f).is_some();
    let begin = v.cx.task(e).op_begin;
    let disturbed = v.cx.folios[f].written.iter().enumerate().any(|(t, at)| t != e.task as usize && *at >= begin);
    (scans && !asked && !disturbed).then(|| NEEDLESS_LOCK.at(e))
}

impl Check for Audit {
    const SPEC: CheckSpec = CheckSpec { name: "audit", title: "stricter than the kernel: audits", kinds: KINDS };
    const TOPICS: Topics = Topics::none();
    const SOFT: Topics = LOOKUPS.note(Note::LockAsserted);
    const HINTS: Topics = LOOKUPS;

    fn reset(&mut self) {
        *self = Audit::default();
    }

    fn on(&mut self, v: &View, e: &Event) -> Option<Finding> {
        if let Some(f) = e.obj.as_folio() {
            return self.folio(v, f, e);
        }
        let l = &mut self.lookups[e.task as usize];
        match e.obj.field() {
            Field::Slot if e.kind == Kind::Load => {
                l.seen = slot_folio(e.old).map_or(0, |f| f as u8 + 1);
                // Found there once more, by whoever holds it.
                l.got = if l.seen == l.got { 0 } else { l.got };
                None
            }
            _ if e.note == Note::OpBegin => {
                *l = Lookup::default();
                None
            }
            Field::PteCell if e.aux == PteWrite::Fault as u32 => {
                let f = page(Pte(e.new)).filter(|f| word(v.m, *f, Field::FolioMapping) != 0)?;
                self.unverified(v, f, e)
            }
            _ => None,
        }
    }
}
