//! Folio-lock discipline, what only its holder may do, its waiters, and lost non-atomic flag updates.

use super::context::IN_FLIGHT;
use super::state::{file_of, maps_under_ptl, page};
use super::{Check, CheckSpec, Finding, KindSpec, View};
use crate::vocab::*;

kinds! { "folio_lock":
    NOT_OWNER = "unlock-not-owner" actual "L1" "A folio is unlocked by a task that does not hold its lock.";
    UNREF = "unref" predictive "I-A3, R-LOCK-UNREF"
        "A folio is locked by a CPU that holds no reference and does not see PG_lru under the lru_lock.";
    FREED = "freed" actual "I-A3, R-LOCK-FREED" "A folio on its way to the free list, or on it, is locked.";
    NA_LOST = "na-lost" actual "L4" "A non-atomic flag write overwrites what another CPU changed in between.";
    MAPPING = "mapping-unlocked" predictive "L2" "A folio gets the mapping of a file without the folio lock.";
    MAP = "map-unlocked" predictive "L3, I-D1" "A file's folio is mapped anew without the folio lock.";
    WAITERS = "waiters-clear" predictive "L6"
        "A folio has a queued waiter but PG_waiters is clear: no unlock will look.";
    WAITER_FREED = "waiter-freed" actual "R9" "A folio is freed while a task waits for its lock.";
}

/// Every bit a non-atomic write can lose.
const ALL_FLAGS: u64 = u32::MAX as u64;

#[derive(Default)]
pub(super) struct FolioLock {
    /// Last event of another kind that changed each folio's flags.
    changed: [Option<(u32, u8)>; FOLIOS],
    /// The folio each task queued itself for, and when that was last freed then.
    queued: [Option<(u8, u32)>; TASKS],
}

impl FolioLock {
    /// The store half writes back what its load half saw. If a bit it does not mean to change changes all the same,
    /// memory was changed in between.
    fn non_atomic(&self, f: usize, e: &Event) -> Option<Finding> {
        let lost = (e.old ^ e.new) & !(e.aux as u64) & ALL_FLAGS != 0;
        let other = self.changed[f].filter(|c| c.1 != e.task).map(|c| c.0);
        lost.then(|| NA_LOST.at(e).with_other(other))
    }

    fn locks(v: &View, f: usize, e: &Event) -> Option<Finding> {
        let folio = &v.cx.folios[f];
        let t = v.cx.task(e);
        let held = v.ledger.account(f).on_cpu(e.cpu as usize) != 0;
        // PG_lru set under the lru_lock: the folio cannot be freed before the lock is dropped.
        let seen = e.old & PG_LRU != 0 && t.holds(Obj::lru_lock());
        let pinned_by_tree = t.locks().iter().any(|l| l.field() == Field::XaLock);
        if !held && !seen && !pinned_by_tree && !maps_under_ptl(v, e, f) {
            let last = v.ledger.account(f).last_put.filter(|p| p.1 != e.task).map(|p| p.0);
            return Some(UNREF.at(e).with_other(last));
        }
        (folio.free && e.kind == Kind::Rmw).then(|| FREED.at(e).with_other(Some(folio.freed_at)))
    }

    fn flags(&mut self, v: &View, f: usize, e: &Event) -> Option<Finding> {
        if e.note == Note::NonAtomicFlag {
            return self.non_atomic(f, e);
        }
        if e.old != e.new {
            self.changed[f] = Some((e.seq, e.task));
        }
        let folio = &v.cx.folios[f];
        match e.note {
            Note::FolioTrylock => {
                if folio.free && e.kind == Kind::Rmw && folio.freer != e.task + 1 {
                    return Some(FREED.at(e).with_other(Some(folio.freed_at)));
                }
                FolioLock::locks(v, f, e)
            }
            Note::FolioUnlock if !v.cx.has_folio_locked(f, e) => {
                let read = (folio.locked_by == IN_FLIGHT).then_some(folio.locked_at);
                Some(NOT_OWNER.at(e).with_other(read))
            }
            Note::SetFlag if e.aux as u64 & PG_WAITERS != 0 => {
                let queue = Obj::queue_lock(f % WAIT_QUEUES);
                if v.cx.task(e).holds(queue) {
                    self.queued[e.task as usize] = Some((f as u8, folio.freed_at));
                }
                None
            }
            _ => None,
        }
    }

    /// The tasks queued for a folio of today in queue `q`.
    fn waiters(&self, v: &View, q: usize) -> impl Iterator<Item = (usize, usize)> {
        let queued = self.queued.map(|w| w.filter(|w| v.cx.folios[w.0 as usize].freed_at == w.1).map(|w| w.0));
        let folio = move |t: usize| queued.get(t).copied().flatten().map(|f| (t, f as usize));
        let of_this_queue = move |(_, f): &(usize, usize)| f % WAIT_QUEUES == q;
        Seq(v.m.peek(Obj::queue(q))).iter().filter_map(folio).filter(of_this_queue)
    }

    /// The queue lock was dropped.
    fn waiters_flag(&self, v: &View, e: &Event) -> Option<Finding> {
        if !v.m.model().kernel.has_folios() {
            return None;
        }
        let q = e.obj.place().index as usize;
        let unseen = |f: usize| v.m.peek_flags(f, PG_WAITERS) == 0;
        let (_, f) = self.waiters(v, q).find(|(_, f)| unseen(*f) && !v.cx.folios[*f].free)?;
        Some(WAITERS.at(e).folio(f).with_other(self.changed[f].map(|c| c.0)))
    }

    /// Exclusive waiters keep a reference while they wait.
    fn freed(&self, v: &View, e: &Event) -> Option<Finding> {
        let f = e.obj.as_folio()?;
        let waits = |t: usize| {
            let flags = v.m.peek(Obj::wait_flags(t));
            flags & (WQ_FLAG_EXCLUSIVE | WQ_FLAG_WOKEN) == WQ_FLAG_EXCLUSIVE
        };
        let waited = self.waiters(v, f % WAIT_QUEUES).any(|(t, g)| g == f && waits(t));
        waited.then(|| WAITER_FREED.at(e))
    }

    /// A file's page is mapped by who has it locked; fork and mremap only copy and move mappings.
    fn mapped(v: &View, e: &Event) -> Option<Finding> {
        let fresh = e.aux == PteWrite::Fault as u32 || e.aux == PteWrite::Restore as u32;
        let f = page(Pte(e.new))?;
        if !e.wrote() || !fresh || page(Pte(e.old)) == Some(f) || file_of(v.m, f).is_none() {
            return None;
        }
        (!v.cx.has_folio_locked(f, e)).then(|| MAP.at(e).folio(f))
    }
}

impl Check for FolioLock {
    const SPEC: CheckSpec = CheckSpec { name: "folio_lock", title: "folio-lock discipline", kinds: KINDS };
    const TOPICS: Topics = Topics::none()
        .writes(Field::Flags)
        .writes(Field::FolioMapping)
        .writes(Field::QueueLock)
        .writes(Field::PteCell)
        .note(Note::FolioFree);

    fn reset(&mut self) {
        *self = FolioLock::default();
    }

    #[inline]
    fn on(&mut self, v: &View, e: &Event) -> Option<Finding> {
        match e.obj.field() {
            Field::Flags => self.flags(v, e.obj.as_folio()?, e),
            Field::QueueLock if e.kind == Kind::Unlock => self.waiters_flag(v, e),
            // A task that takes the lock waits no more for what it last waited for. Up to v5.8 it is in the queue again
            // before it says for which folio.
            Field::QueueLock if e.kind == Kind::Lock => {
                self.queued[e.task as usize] = None;
                None
            }
            Field::PteCell => FolioLock::mapped(v, e),
            Field::FolioMapping if e.note == Note::MappingStore => {
                let f = e.obj.as_folio()?;
                let set = e.new != 0 && e.new != e.old && as_file_mapping(e.new).is_some();
                (set && v.cx.running && !v.cx.has_folio_locked(f, e)).then(|| MAPPING.at(e))
            }
            _ if e.note == Note::FolioFree => self.freed(v, e),
            _ => None,
        }
    }
}
