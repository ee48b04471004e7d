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
    doc: "A folio is locked by a CPU that holds no reference and has not seen PG_lru under the lru_lock it still holds.",
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

/// A non-atomic write between its load and its store.
#[derive(Clone, Copy, Default)]
struct HalfWritten {
    /// Plus one; 0: none.
    task: u8,
    /// The change another task made meanwhile, plus one.
    changed_at: u32,
}

#[derive(Default)]
pub(super) struct FolioLock {
    half: [HalfWritten; FOLIOS],
}

impl FolioLock {
    fn non_atomic(&mut self, f: usize, e: &Event) -> Option<Finding> {
        let half = &mut self.half[f];
        if e.kind == Kind::Load {
            *half = HalfWritten { task: e.task + 1, changed_at: 0 };
            return None;
        }
        let lost = half.task == e.task + 1 && half.changed_at != 0;
        let at = half.changed_at;
        *half = HalfWritten::default();
        lost.then(|| NA_LOST.at(e).with_other(Some(at - 1)))
    }

    fn locks(v: &View, f: usize, e: &Event) -> Option<Finding> {
        let folio = &v.cx.folios[f];
        let t = v.cx.task(e);
        let held = v.ledger.account(f).on_cpu(e.cpu as usize) != 0;
        let seen = t.holds(Obj::lru_lock()) && t.lru_seen >> f & 1 != 0;
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
    const TOPICS: Topics = Topics::none().field(Field::Flags);

    fn reset(&mut self) {
        self.half = [HalfWritten::default(); FOLIOS];
    }

    #[inline]
    fn on(&mut self, v: &View, e: &Event) -> Option<Finding> {
        let f = e.obj.as_folio()?;
        if e.note == Note::NonAtomicFlag {
            return self.non_atomic(f, e);
        }
        let half = &mut self.half[f];
        if half.task != 0 && half.task != e.task + 1 && e.old != e.new {
            half.changed_at = e.seq + 1;
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
