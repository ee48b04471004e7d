//! A waiter that has given its reference up does not touch the folio again (ERAS I-B8): `put_and_wait_on_page_locked()`
//! from v4.20, `folio_put_wait_locked()`, and `migration_entry_wait_on_locked()`, which has none from the start.

use super::{Check, CheckSpec, Finding, KindSpec, View};
use crate::vocab::*;

kinds! { "waiter":
    TOUCHES = "touches" predictive "I-B8, R-LOCK-FREED"
        "A task that waits for a folio without a reference uses the folio before it has looked it up again.";
}

/// Functions that drop a reference and wait.
const DROPPING: [&str; 3] = ["folio_wait_bit_common", "wait_on_page_bit_common", "put_and_wait_on_page_locked"];
/// Functions that wait on the page table's word that the folio is kept until its lock is dropped.
const ON_ENTRY: &str = "migration_entry_wait_on_locked";

#[derive(Default)]
pub(super) struct Waiter {
    /// Tasks that must be silent, as a bit set.
    silent: u32,
    /// About which folio.
    about: [u8; TASKS],
    /// The folio whose waiters flag each task set last.
    queued: [u8; TASKS],
}

impl Waiter {
    fn is_silent(&self, task: u8) -> bool {
        self.silent >> task & 1 != 0
    }

    fn lets_go(&mut self, f: u8, e: &Event) {
        self.silent |= 1 << e.task;
        self.about[e.task as usize] = f;
    }

    fn folio(&mut self, v: &View, f: usize, e: &Event) -> Option<Finding> {
        if self.is_silent(e.task) && self.about[e.task as usize] as usize == f {
            if matches!(e.note, Note::RefTryGet | Note::FolioAlloc | Note::RefSet) {
                self.silent &= !(1 << e.task);
                return None;
            }
            return (e.kind != Kind::Note).then(|| TOUCHES.at(e));
        }
        match e.note {
            Note::SetFlag if e.aux as u64 & PG_WAITERS != 0 => self.queued[e.task as usize] = f as u8,
            // Whoever drops the last one frees the folio.
            Note::RefPut if e.new != 0 && waits(v, e) => self.lets_go(f as u8, e),
            _ => {}
        }
        None
    }
}

/// Whether the put is one of a function that goes on to wait.
fn waits(v: &View, e: &Event) -> bool {
    v.m.caller(e.task as usize).is_some_and(|caller| DROPPING.contains(&caller.name))
}

impl Check for Waiter {
    const SPEC: CheckSpec = CheckSpec { name: "waiter", title: "waiters without a reference", kinds: KINDS };
    const TOPICS: Topics = Topics::none().flag_changes().writes(Field::Refcount).writes(Field::Ptl);
    const WHILE_ALERT: Topics = Topics::none()
        .field(Field::Flags)
        .field(Field::Refcount)
        .field(Field::Mapcount)
        .field(Field::FolioMapping)
        .field(Field::Index)
        .field(Field::Private)
        .field(Field::Slot)
        .field(Field::PteCell)
        .field(Field::LruList)
        .note(Note::FolioAlloc)
        .note(Note::OpBegin);

    fn is_alert(&self) -> bool {
        self.silent != 0
    }

    fn reset(&mut self) {
        self.silent = 0;
    }

    #[inline]
    fn on(&mut self, v: &View, e: &Event) -> Option<Finding> {
        if e.kind == Kind::Load && !self.is_silent(e.task) {
            return None;
        }
        if let Some(f) = e.obj.as_folio() {
            return self.folio(v, f, e);
        }
        if e.obj.field() == Field::Ptl {
            if e.kind == Kind::Unlock && v.cx.running && e.site.func.name == ON_ENTRY {
                self.lets_go(self.queued[e.task as usize], e);
            }
            return None;
        }
        // A lookup.
        self.silent &= !(1 << e.task);
        None
    }
}
