//! Lock order, self-deadlock, and locks left behind.

use super::{Check, CheckSpec, Finding, KindSpec, View};
use crate::vocab::*;

kinds! { "lockdep":
    SELF_DEADLOCK = "self-deadlock" actual "I-E4, R-DEADLOCK"
        "A task waits for a lock it holds.";
    ORDER = "order" predictive "MM-6.12 14, I-C10"
        "A lock is waited for that ranks outside one already held.";
    UNLOCK_UNHELD = "unlock-unheld" actual "lockdep"
        "A lock is released by a task that does not hold it.";
    HELD_AT_END = "held-at-end" actual "lockdep"
        "An operation returns with a lock held, or inside a section.";
}

/// Rank of the folio lock among [`rank`]s.
const FOLIO_LOCK_RANK: u8 = 4;

/// Place in the documented lock order, outermost first; 0 for what is no lock, or has no documented place. Locks that
/// are not ordered among themselves share a rank; so do the two page-table locks fork nests.
fn rank(field: Field) -> u8 {
    match field {
        Field::IRwsem => 1,
        Field::MmapLock => 2,
        Field::InvalidateLock => 3,
        Field::IMmapRwsem => 5,
        Field::AvRwsem => 6,
        Field::Ptl => 7,
        Field::SwapLock | Field::IPrivateLock | Field::ILock => 8,
        Field::XaLock => 9,
        Field::LruLock => 10,
        Field::QueueLock => 11,
        _ => 0,
    }
}

#[derive(Default)]
pub(super) struct Lockdep;

impl Lockdep {
    /// The highest rank of the locks the task holds, the folio lock aside.
    fn innermost_lock(v: &View, e: &Event) -> u8 {
        v.cx.task(e).locks().iter().map(|l| rank(l.field())).max().unwrap_or(0)
    }

    /// Whether the lock is waited for inside one that ranks deeper. Only the outermost locks can be taken inside a
    /// folio lock in the wrong order.
    fn inverted(v: &View, e: &Event) -> bool {
        let rank = rank(e.obj.field());
        if rank == 0 {
            return false;
        }
        let held = if rank < FOLIO_LOCK_RANK { Lockdep::innermost(v, e) } else { Lockdep::innermost_lock(v, e) };
        rank < held
    }

    /// The highest rank the task holds.
    fn innermost(v: &View, e: &Event) -> u8 {
        let locks = Lockdep::innermost_lock(v, e);
        let folio = v.cx.folios.iter().any(|f| f.locked_by == e.task + 1 && !f.handed);
        locks.max(if folio { FOLIO_LOCK_RANK } else { 0 })
    }

    fn at_end(v: &View, e: &Event) -> Option<Finding> {
        let t = v.cx.task(e);
        let program = (e.task as usize) < CPUS && (e.op as usize) < OPS_PER_CPU;
        let section = v.m.in_section(e.task as usize);
        let folio = v.cx.folios.iter().position(|f| f.locked_by == e.task + 1);
        if !program || (!section && folio.is_none() && t.locks().is_empty()) {
            return None;
        }
        let found = HELD_AT_END.at(e);
        Some(folio.map_or(found, |f| found.folio(f)))
    }
}

impl Check for Lockdep {
    const SPEC: CheckSpec = CheckSpec {
        name: "lockdep",
        title: "lock order and self-deadlock",
        kinds: KINDS,
    };
    const TOPICS: Topics = Topics::none()
        .writes(Field::XaLock)
        .writes(Field::ILock)
        .writes(Field::LruLock)
        .writes(Field::QueueLock)
        .writes(Field::IRwsem)
        .writes(Field::InvalidateLock)
        .writes(Field::IMmapRwsem)
        .writes(Field::AvRwsem)
        .writes(Field::MmapLock)
        .writes(Field::Ptl)
        .writes(Field::SwapLock)
        .writes(Field::IPrivateLock)
        .writes(Field::DrainLock)
        .note(Note::Blocked)
        .note(Note::FolioWait)
        .note(Note::OpEnd);

    #[inline]
    fn on(&mut self, v: &View, e: &Event) -> Option<Finding> {
        match (e.kind, e.note) {
            // Taken after waiting or not: the order is the same.
            (Kind::Lock | Kind::LockShared, note) if note != Note::TryLock => {
                Lockdep::inverted(v, e).then(|| ORDER.at(e))
            }
            (Kind::Unlock | Kind::UnlockShared, _) if !v.cx.task(e).holds(e.obj) => Some(UNLOCK_UNHELD.at(e)),
            (Kind::Note, Note::Blocked) if v.cx.task(e).holds(e.obj) => Some(SELF_DEADLOCK.at(e)),
            (Kind::Note, Note::FolioWait) => {
                let f = e.obj.as_folio()?;
                if v.cx.has_folio_locked(f, e) && !v.cx.folios[f].handed && e.aux & 0xff == 0 {
                    return Some(SELF_DEADLOCK.at(e));
                }
                (e.aux >> 8 == 1 && FOLIO_LOCK_RANK < Lockdep::innermost(v, e)).then(|| ORDER.at(e))
            }
            (Kind::Note, Note::OpEnd) => Lockdep::at_end(v, e),
            _ => None,
        }
    }
}
