//! LRU membership: who owns a folio's LRU position, and where its list link is.
//!
//! U4 (a list's length is its size counter) holds of itself: a list is one cell. Entries of the batches that move a
//! filed folio own a reference (R9) and win PG_lru when they are processed (U1): nothing else is asked of them.

use super::state::{file_of, flags, locked_mappings, maps_under_ptl, slot_folio, slots, word};
use super::{Check, CheckSpec, Finding, KindSpec, View};
use crate::vocab::*;

kinds! { "lru":
    NOT_HOLDER = "not-holder" actual "U1, I-C8, I-D7"
        "A folio is filed or unfiled by a task that does not own its LRU position.";
    NO_REF = "no-ref" predictive "U2, I-B7, I-D3, R-ISOLATE-NOREF"
        "PG_lru is cleared for isolation by a CPU that holds no reference.";
    CORRUPT = "corrupt" actual "I-D3, I-D7, I-E5, R-LRU-CORRUPT"
        "A list link is used while on another list, or freed while linked.";
    NO_LOCK = "no-lock" actual "U1" "An LRU list is changed without the lru_lock.";
    UNFILED = "unfiled" actual "U3" "The lru_lock is dropped while PG_lru is set on a folio that is on no list.";
    ACTIVE_UNEVICTABLE = "active-unevictable" actual "U5"
        "PG_active and PG_unevictable are both set on a filed folio.";
    MLOCK_COUNT = "mlock-count" actual "U6"
        "mlock_count is used without the lru_lock, or where the list link is: on a folio that is not unevictable.";
    LAST_PUT = "last-put" actual "U9, I-E4" "folio_put() drops the last reference under the lru_lock.";
    STRANDED = "stranded" actual "U3, U10, I-C4, I-E5"
        "At rest, a folio in a cache or mapped is on no list, or PG_lru is wrong.";
    STRANDED_UNEVICTABLE = "stranded-unevictable" actual "U11, I-C4, R-STRANDED"
        "At rest, an evictable folio is unevictable.";
    OVERCOUNT = "mlock-overcount" actual "U12" "At rest, mlock_count is above the mappings of locked VMAs.";
}

/// Number of the per-CPU batch mlock and munlock requests wait in; the last one has their tags.
const MLOCK_BATCH: usize = BATCHES - 2;

/// Shadow of one folio.
#[derive(Clone, Copy, Default)]
struct Position {
    /// Winner of the PG_lru test-and-clear, plus one.
    holder: u8,
    /// Task that set PG_lru under the lru_lock it still holds, plus one: it may link the folio although another CPU can
    /// already win the flag (window C of MM-6.12 5.1).
    setter: u8,
    /// CPU whose lru_add batch it waits in, plus one.
    batch: u8,
    /// List it is linked on (or counted for), plus one.
    list: u8,
    /// On a private list.
    private: bool,
    /// A munlock did not take its count off, or the count's owner was unmapped behind its back (U11 (b), U12).
    munlock_missed: bool,
    /// mlock_count may count a mapping more than once, or one that is gone (U12).
    count_unsure: bool,
    /// Task that took a mapping off last, plus one: until it drops the page-table lock it may yet munlock.
    removed_by: u8,
    /// Has been on, or on the way to, the LRU since it was allocated.
    known: bool,
    changed_at: Option<(u32, u8)>,
}

#[derive(Default)]
pub(super) struct Lru {
    at: [Position; FOLIOS],
    /// munlock walks not over yet.
    munlocking: u8,
    /// Mappings whose AS_UNEVICTABLE was cleared, as a bit set.
    evictable_again: u8,
}

impl Lru {
    fn flags(&mut self, v: &View, f: usize, e: &Event) -> Option<Finding> {
        let lru = e.aux as u64 & PG_LRU != 0 && e.note != Note::NonAtomicFlag;
        let p = &mut self.at[f];
        let me = e.task + 1;
        match e.note {
            Note::TestAndClearFlag | Note::ClearFlag if lru && e.old & PG_LRU != 0 => {
                p.holder = me;
                if v.ledger.account(f).on_cpu(e.cpu as usize) == 0 && !maps_under_ptl(v, e, f) {
                    return Some(NO_REF.at(e));
                }
            }
            Note::SetFlag if lru => {
                p.holder = 0;
                p.setter = if v.cx.task(e).holds(Obj::lru_lock()) { me } else { 0 };
            }
            // A walk over the reverse mapping mlocks once more what a fault's or mlock's own entry may count, too.
            Note::TestAndSetFlag | Note::SetFlag if e.aux as u64 & PG_MLOCKED != 0 => {
                let walk = |name: &str| matches!(name, "folio_referenced_one" | "try_to_unmap_one");
                p.count_unsure |= v.m.stack(e.task as usize).any(|n| walk(n.name));
            }
            // A munlock that overtakes the mlock entry of another CPU takes nothing off; the entry still counts up.
            Note::TestAndClearFlag if e.aux as u64 & PG_MLOCKED != 0 && e.old & PG_MLOCKED != 0 => {
                let queued = |cpu| Seq(v.m.peek(Obj::batch(cpu, MLOCK_BATCH))).contains(f);
                p.count_unsure |= (0..PROCESSORS).any(queued);
            }
            _ => {}
        }
        let both = PG_ACTIVE | PG_UNEVICTABLE;
        let filed = e.wrote() && e.new & PG_LRU != 0 && e.new & both == both;
        filed.then(|| ACTIVE_UNEVICTABLE.at(e))
    }

    /// Before v5.11 the lru_lock alone entitles.
    fn may_move(&self, v: &View, f: usize, e: &Event) -> bool {
        let p = &self.at[f];
        let pages = !v.m.model().kernel.has_folios();
        let dead = v.m.peek(Obj::folio(f, Field::Refcount)) == 0;
        p.holder == e.task + 1 || p.setter == e.task + 1 || p.batch == e.cpu + 1 || dead || pages
    }

    fn link(&mut self, v: &View, f: usize, e: &Event) -> Option<Finding> {
        if v.cx.running {
            let last = self.at[f].changed_at.filter(|c| c.1 != e.task).map(|c| c.0);
            if !v.cx.task(e).holds(Obj::lru_lock()) {
                return Some(NO_LOCK.at(e).with_other(last));
            }
            if !self.may_move(v, f, e) {
                return Some(NOT_HOLDER.at(e).with_other(last));
            }
        }
        let p = &mut self.at[f];
        let ok = if e.note == Note::LruAdd { p.list == 0 && !p.private } else { p.list == e.aux as u8 + 1 };
        p.list = if e.note == Note::LruAdd { e.aux as u8 + 1 } else { 0 };
        p.known = true;
        self.moved(ok, f, e)
    }

    fn moved(&mut self, ok: bool, f: usize, e: &Event) -> Option<Finding> {
        let before = self.at[f].changed_at.replace((e.seq, e.task));
        (!ok).then(|| CORRUPT.at(e).with_other(before.map(|c| c.0)))
    }

    fn note(&mut self, v: &View, f: usize, e: &Event) -> Option<Finding> {
        let p = &mut self.at[f];
        match e.note {
            Note::LruAdd | Note::LruDel => self.link(v, f, e),
            Note::PrivateAdd => {
                let ok = p.list == 0 && !p.private;
                p.private = true;
                self.moved(ok, f, e)
            }
            Note::PrivateDel => {
                p.private = false;
                self.moved(true, f, e)
            }
            Note::BatchAdd => {
                let ok = p.batch == 0 && p.list == 0;
                (p.batch, p.holder, p.known) = (e.cpu + 1, 0, true);
                self.moved(ok, f, e)
            }
            Note::MunlockMissed => {
                p.munlock_missed = true;
                None
            }
            Note::BatchFiled => {
                p.batch = 0;
                None
            }
            Note::FolioAlloc => {
                let ok = p.list == 0;
                *p = Position { changed_at: p.changed_at, ..Position::default() };
                self.moved(ok, f, e)
            }
            Note::FolioFree => {
                let ok = p.list == 0 && p.batch == 0 && !p.private;
                self.moved(ok, f, e)
            }
            _ => None,
        }
    }

    #[cold]
    fn at_rest(&self, v: &View, e: &Event) -> Option<Finding> {
        for f in (0..FOLIOS).filter(|f| !v.cx.folios[*f].free) {
            let flags = flags(v.m, f);
            let p = &self.at[f];
            let found = |kind: &KindSpec| Some(kind.at(e).folio(f).with_other(p.changed_at.map(|c| c.0)));
            let filed = flags & PG_LRU != 0;
            // U10 asks of what can be found: an orphan, or a page with a memory error, may be on no list.
            let findable = word(v.m, f, Field::Mapcount) != 0 || slots(v.m).any(|(.., w)| slot_folio(w) == Some(f));
            if filed != (p.list != 0) || (p.known && !filed && findable) {
                return found(&STRANDED);
            }
            if !filed || flags & PG_UNEVICTABLE == 0 {
                continue;
            }
            let attached = word(v.m, f, Field::FolioMapping) != 0;
            let allowed = |m: usize| {
                v.m.peek(Obj::mapping(m, Field::AsFlags)) & AS_UNEVICTABLE != 0 || self.evictable_again >> m & 1 != 0
            };
            let evictable = flags & PG_MLOCKED == 0 && attached && !file_of(v.m, f).is_some_and(allowed);
            if evictable && !p.munlock_missed {
                return found(&STRANDED_UNEVICTABLE);
            }
            let unsure = p.munlock_missed || p.count_unsure || !v.m.model().kernel.has_folios();
            if !unsure && word(v.m, f, Field::MlockCount) > locked_mappings(v.m, f) {
                return found(&OVERCOUNT);
            }
        }
        None
    }
}

impl Lru {
    /// VM_LOCKED is gone: an unmap that has not looked at it yet takes nothing off the count, and nor will the walk.
    fn munlock_begins(&mut self, v: &View) {
        self.munlocking = self.munlocking.saturating_add(1);
        let unmapping = |t: usize| v.cx.tasks[t].locks().iter().any(|l| l.field() == Field::Ptl);
        for p in self.at.iter_mut().filter(|p| p.removed_by != 0) {
            p.count_unsure |= unmapping(p.removed_by as usize - 1);
        }
    }

    fn mlock_count(&self, v: &View, f: usize, e: &Event) -> Option<Finding> {
        let unevictable = flags(v.m, f) & PG_UNEVICTABLE != 0;
        let ok = !v.cx.running || (unevictable && v.cx.task(e).holds(Obj::lru_lock()));
        (!ok).then(|| MLOCK_COUNT.at(e).with_other(self.at[f].changed_at.map(|c| c.0)))
    }

    /// The lists' lock was dropped.
    fn unlocked(&mut self, v: &View, e: &Event) -> Option<Finding> {
        self.at.iter_mut().filter(|p| p.setter == e.task + 1).for_each(|p| p.setter = 0);
        let unfiled =
            |f: &usize| self.at[*f].list == 0 && flags(v.m, *f) & PG_LRU != 0 && !v.cx.folios[*f].free && v.cx.running;
        let f = (0..FOLIOS).find(unfiled)?;
        Some(UNFILED.at(e).folio(f).with_other(self.at[f].changed_at.map(|c| c.0)))
    }

    /// U9, as far as `folio_put` goes: a filed folio would take the lock that is held, which `lockdep` reports. Batched
    /// puts and `move_folios_to_lru` know.
    fn last_put(v: &View, e: &Event) -> Option<Finding> {
        if e.note != Note::RefPut || e.site.func.name != "folio_put" || !v.cx.task(e).holds(Obj::lru_lock()) {
            return None;
        }
        let filed = e.obj.as_folio().is_some_and(|f| flags(v.m, f) & PG_LRU != 0);
        match e.new {
            0 if filed => None,
            0 => Some(LAST_PUT.at(e)),
            // It would be the last one if the other holders let go before.
            _ => Some(LAST_PUT.hint(e)),
        }
    }
}

impl Check for Lru {
    const SPEC: CheckSpec = CheckSpec { name: "lru", title: "LRU membership and list integrity", kinds: KINDS };
    const TOPICS: Topics = Topics::none()
        .flag_changes()
        .writes(Field::LruLock)
        .writes(Field::Refcount)
        .writes(Field::Mapcount)
        .writes(Field::AsFlags)
        .field(Field::MlockCount)
        .note(Note::LruAdd)
        .note(Note::LruDel)
        .note(Note::PrivateAdd)
        .note(Note::PrivateDel)
        .note(Note::BatchAdd)
        .note(Note::BatchFiled)
        .note(Note::MunlockMissed)
        .note(Note::MunlockBegin)
        .note(Note::MunlockEnd)
        .note(Note::FolioAlloc)
        .note(Note::FolioFree)
        .note(Note::Quiescent);

    fn reset(&mut self) {
        *self = Lru::default();
    }

    #[inline]
    fn on(&mut self, v: &View, e: &Event) -> Option<Finding> {
        match e.note {
            Note::MunlockBegin => self.munlock_begins(v),
            Note::MunlockEnd => self.munlocking = self.munlocking.saturating_sub(1),
            Note::Quiescent => return self.at_rest(v, e),
            _ => {}
        }
        if let Some(f) = e.obj.as_folio() {
            return match e.obj.field() {
                Field::MlockCount => self.mlock_count(v, f, e),
                Field::Mapcount => {
                    if e.note == Note::RmapRemove {
                        self.at[f].count_unsure |= self.munlocking != 0;
                        self.at[f].removed_by = e.task + 1;
                    }
                    None
                }
                _ if e.kind == Kind::Note => self.note(v, f, e),
                Field::Refcount => Lru::last_put(v, e),
                _ => self.flags(v, f, e),
            };
        }
        match e.obj.field() {
            Field::LruLock if e.kind == Kind::Unlock => self.unlocked(v, e),
            Field::AsFlags => {
                let cleared = e.old & !e.new & AS_UNEVICTABLE != 0;
                let m = e.obj.as_mapping()?;
                self.evictable_again |= (cleared as u8) << m;
                None
            }
            _ => None,
        }
    }
}
