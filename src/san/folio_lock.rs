//! Folio-lock discipline, and lost non-atomic flag updates.

use super::{Check, CheckSpec, Finding, KindSpec, View};
use crate::vocab::*;

static NOT_OWNER: KindSpec = KindSpec {
    check: "folio_lock",
    name: "unlock-not-owner",
    predictive: false,
    code: "L1",
    doc: "A folio is unlocked by a task that does not hold its lock.",
};
static UNREF: KindSpec = KindSpec {
    check: "folio_lock",
    name: "unref",
    predictive: true,
    code: "I-A3, R-LOCK-UNREF",
    doc: "A folio is locked by a CPU that holds no reference and does not see PG_lru under the lru_lock.",
};
static FREED: KindSpec = KindSpec {
    check: "folio_lock",
    name: "freed",
    predictive: false,
    code: "R-LOCK-FREED",
    doc: "A folio on its way to the free list, or on it, is locked.",
};
static NA_LOST: KindSpec = KindSpec {
    check: "folio_lock",
    name: "na-lost",
    predictive: false,
    code: "L4",
    doc: "A non-atomic flag write overwrites what another CPU changed in between.",
};

/// Every bit a non-atomic write can lose.
const ALL_FLAGS: u64 = u32::MAX as u64;

/// Last event of another kind that changed each folio's flags.
#[derive(Default)]
pub(super) struct FolioLock {
    changed: [Option<(u32, u8)>; FOLIOS],
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
        if !held && !seen && !pinned_by_tree {
            let last = v.ledger.account(f).last_put.filter(|p| p.1 != e.task).map(|p| p.0);
            return Some(UNREF.at(e).with_other(last));
        }
        (folio.free && e.kind == Kind::Rmw).then(|| FREED.at(e).with_other(Some(folio.freed_at)))
    }
}

impl Check for FolioLock {
    const SPEC: CheckSpec = CheckSpec {
        name: "folio_lock",
        title: "folio-lock discipline",
        kinds: &[&NOT_OWNER, &UNREF, &FREED, &NA_LOST],
    };
    const TOPICS: Topics = Topics::none().writes(Field::Flags);

    fn reset(&mut self) {
        self.changed = [None; FOLIOS];
    }

    #[inline]
    fn on(&mut self, v: &View, e: &Event) -> Option<Finding> {
        let f = e.obj.as_folio()?;
        if e.note == Note::NonAtomicFlag {
            return self.non_atomic(f, e);
        }
        if e.old != e.new {
            self.changed[f] = Some((e.seq, e.task));
        }
        match e.note {
            Note::FolioTrylock => {
                let folio = &v.cx.folios[f];
                if folio.free && e.kind == Kind::Rmw && folio.freer != e.task + 1 {
                    return Some(FREED.at(e).with_other(Some(folio.freed_at)));
                }
                FolioLock::locks(v, f, e)
            }
            Note::FolioUnlock if !v.cx.has_folio_locked(f, e) => Some(NOT_OWNER.at(e)),
            _ => None,
        }
    }
}
