//! Nothing is left over when everything has ended.

use super::state::{flags, ptes};
use super::{Check, CheckSpec, Finding, KindSpec, View};
use crate::vocab::*;

kinds! { "quiesce":
    LOCKED = "locked" actual "L8" "At rest, a folio is locked.";
    WRITEBACK = "writeback" actual "L8" "At rest, a folio is under writeback.";
    FROZEN = "frozen" actual "R11" "At rest, a folio in use has a count of 0.";
    OWNER = "owner" actual "I-C8, R11, MM-6.12 17.7"
        "At rest, an mlock batch, a gather, a completion or a pin owns a reference.";
    WAITER = "waiter" actual "L8" "At rest, a wait queue is not empty.";
    BATCH = "batch" actual "MM-6.12 17.7" "At rest, a per-CPU batch is not empty.";
    ENTRY = "migration-entry" actual "M6, MM-6.12 17.7" "At rest, a page table has a migration entry.";
    LOCK = "lock" actual "lockdep" "At rest, a lock is held.";
    SERVICE = "service" actual "MM-6.12 17.7" "At rest, a service task has work.";
}

/// Owners that give up what they have before the end. What an isolator or a batch of the LRU keeps is a leak.
const PASSING: [Owner; 4] = [Owner::MlockBatch, Owner::Gather, Owner::Pin, Owner::Completion];

/// Locks nobody holds at rest.
const LOCKS: [Field; 13] = [
    Field::XaLock,
    Field::ILock,
    Field::IPrivateLock,
    Field::IRwsem,
    Field::InvalidateLock,
    Field::IMmapRwsem,
    Field::LruLock,
    Field::QueueLock,
    Field::DrainLock,
    Field::SwapLock,
    Field::MmapLock,
    Field::Ptl,
    Field::AvRwsem,
];

#[derive(Default)]
pub(super) struct Quiesce;

fn folio(v: &View, f: usize) -> Option<&'static KindSpec> {
    let flags = flags(v.m, f);
    let a = v.ledger.account(f);
    match () {
        _ if flags & PG_LOCKED != 0 => Some(&LOCKED),
        _ if flags & PG_WRITEBACK != 0 => Some(&WRITEBACK),
        _ if v.m.peek(Obj::folio(f, Field::Refcount)) == 0 => Some(&FROZEN),
        _ if PASSING.iter().any(|o| a.owner_total(*o) != 0) => Some(&OWNER),
        _ => None,
    }
}

fn machine(v: &View) -> Option<&'static KindSpec> {
    let mut batches = (0..PROCESSORS).flat_map(|c| (0..BATCHES).map(move |b| Obj::batch(c, b)));
    let cells = |f: Field| (0..f.class().count()).map(move |i| Obj::at(f, i, 0));
    match () {
        _ if (0..WAIT_QUEUES).any(|q| !Seq(v.m.peek(Obj::queue(q))).is_empty()) => Some(&WAITER),
        _ if batches.any(|b| !Seq(v.m.peek(b)).is_empty()) => Some(&BATCH),
        _ if ptes(v.m).any(|(_, _, pte)| pte.migration_pfn().is_some()) => Some(&ENTRY),
        _ if LOCKS.iter().flat_map(|f| cells(*f)).any(|lock| v.m.peek(lock) != 0) => Some(&LOCK),
        _ if (RCU_TASK..TASKS).any(|t| v.m.is_live(t)) => Some(&SERVICE),
        _ => None,
    }
}

impl Check for Quiesce {
    const SPEC: CheckSpec = CheckSpec { name: "quiesce", title: "state at rest", kinds: KINDS };
    const TOPICS: Topics = Topics::none().note(Note::Quiescent);

    fn on(&mut self, v: &View, e: &Event) -> Option<Finding> {
        for f in (0..FOLIOS).filter(|f| !v.cx.folios[*f].free) {
            if let Some(kind) = folio(v, f) {
                let view = &v.cx.folios[f];
                let other = match () {
                    _ if std::ptr::eq(kind, &LOCKED) => Some(view.locked_at),
                    _ if std::ptr::eq(kind, &WRITEBACK) => view.written.iter().max().copied(),
                    _ => v.ledger.account(f).last_change.map(|c| c.0),
                };
                return Some(kind.at(e).folio(f).with_other(other.filter(|s| *s != 0)));
            }
        }
        machine(v).map(|kind| kind.at(e))
    }
}
