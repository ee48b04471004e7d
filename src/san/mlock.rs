//! PG_mlocked, NR_MLOCK and VM_LOCKED. Until v5.18 the flag alone says that a page is mlocked, and these rules are
//! about it (ERAS 3.4); `mlock_count` of later kernels is `lru`'s.

use super::state::{VmArea, flags, locked_mappings, page, present, pte, slot_folio, slots, vm_locked, word};
use super::{Check, CheckSpec, Finding, KindSpec, View};
use crate::vocab::*;

kinds! { "mlock":
    UNSTABLE = "unstable" predictive "I-C2a"
        "PG_mlocked is set on a page that no VM_LOCKED VMA maps, or none whose lock the setter holds.";
    VM_FLAGS = "vm-flags" predictive "I-C7, R-UNLOCKED-BUG(mmap_sem)"
        "VM_LOCKED of a VMA in use changes without mmap_lock held for writing.";
    NR_MLOCK = "nr-mlock" actual "I-C3, R-NR-MLOCK" "At rest, NR_MLOCK is not the number of pages with PG_mlocked.";
    STALE = "stale" actual "I-C5, R-MLOCK-STALE" "At rest, a page has PG_mlocked, but no VM_LOCKED VMA maps it.";
    LOST = "lost" soft "I-C6, R-MLOCK-LOST" "At rest, a VM_LOCKED VMA maps a page without PG_mlocked.";
    EVICTABLE_LIST = "evictable-list" soft "I-C4" "At rest, a page with PG_mlocked is on an evictable list.";
    SET_UNLOCKED = "set-unlocked" soft "I-C2s, I-C2a"
        "PG_mlocked of a page others can see is set without the page lock.";
    CLEAR_UNLOCKED = "clear-unlocked" soft "I-C2s" "PG_mlocked is cleared without the page lock.";
    CLEAR_UNGUARDED = "clear-unguarded" soft "I-C2b"
        "PG_mlocked is cleared with no page lock, no lru_lock and reference, and no page-table lock.";
}

#[derive(Default)]
pub(super) struct Mlock {
    /// Pages that were lost, or stale, before the operations began, and have kept their PG_mlocked since.
    as_set_up: u32,
    /// NR_MLOCK less the pages with PG_mlocked, then.
    surplus: u64,
    /// The last change of each page's PG_mlocked, and of any.
    changed: [Option<u32>; FOLIOS],
    last: Option<u32>,
    /// Tasks that held the page-table lock when VM_LOCKED went from the VMA, as a bit set: they have seen it.
    before: [u16; VMAS],
}

/// Pages in use with PG_mlocked.
fn nr_mlocked(v: &View) -> u64 {
    (0..FOLIOS).filter(|f| !v.cx.folios[*f].free && flags(v.m, *f) & PG_MLOCKED != 0).count() as u64
}

/// NR_MLOCK less what it should be.
fn surplus(v: &View) -> u64 {
    v.m.peek(Obj::at(Field::NrMlock, 0, 0)).wrapping_sub(nr_mlocked(v))
}

/// Whether a lookup or a process can find the page.
fn visible(v: &View, f: usize) -> bool {
    slots(v.m).any(|(_, _, w)| slot_folio(w) == Some(f)) || present(v.m, f) != 0
}

/// Whether a VM_LOCKED VMA maps the page, and will until the task lets go of a lock: of the page table since v4.4, or
/// of the process before.
fn mapped_locked(v: &View, f: usize, e: &Event, before: &[u16; VMAS]) -> bool {
    let t = v.cx.task(e);
    let by_mmap_lock = v.m.model().kernel.version() < (4, 4);
    let stable = |mm| t.holds(Obj::at(Field::Ptl, mm, 0)) || by_mmap_lock && t.holds(Obj::at(Field::MmapLock, mm, 0));
    // Exit clears VM_LOCKED at any time, and comes for mlocked pages under the page-table lock afterwards: who has
    // looked at VM_LOCKED under that lock, as all do since v4.4, is before it.
    let dying = |mm| !by_mmap_lock && v.m.peek(Obj::at(Field::MmUsers, mm, 0)) == 0;
    // munlock, too, comes for the pages under that lock after it has cleared VM_LOCKED.
    let earlier = |mm, addr| VmArea::at(v.m, mm, addr).is_some_and(|a| before[a.vma] >> e.task & 1 != 0);
    let wanted = |mm, addr| vm_locked(v.m, mm, addr) || dying(mm) || earlier(mm, addr);
    let here = |mm, addr| page(pte(v.m, mm, addr)) == Some(f) && wanted(mm, addr);
    (0..MMS).filter(|mm| stable(*mm)).any(|mm| (0..VADDRS).any(|addr| here(mm, addr)))
}

impl Mlock {
    fn flags(&mut self, v: &View, f: usize, e: &Event) -> Option<Finding> {
        if (e.old ^ e.new) & PG_MLOCKED == 0 || !v.cx.running {
            return None;
        }
        self.as_set_up &= !(1 << f);
        self.changed[f] = Some(e.seq);
        self.last = Some(e.seq);
        if v.m.model().kernel.has_folios() {
            return None;
        }
        let locked = v.cx.has_folio_locked(f, e);
        if e.new & PG_MLOCKED != 0 { set(v, f, e, locked, &self.before) } else { cleared(v, f, e, locked) }
    }

    #[cold]
    fn set_up(&mut self, v: &View) {
        let wrong = |f: &usize| !v.cx.folios[*f].free && (lost(v, *f) || stale(v, *f));
        self.as_set_up = (0..FOLIOS).filter(wrong).fold(0, |set, f| set | 1 << f);
        self.surplus = surplus(v);
    }

    #[cold]
    fn at_rest(&self, v: &View, e: &Event) -> Option<Finding> {
        let counted = !v.m.model().kernel.has_folios();
        if counted && surplus(v) != self.surplus {
            return Some(NR_MLOCK.at(e).with_other(self.last));
        }
        let found = |f: usize, kind: &KindSpec| kind.at(e).folio(f).with_other(self.changed[f]);
        let mut used = (0..FOLIOS).filter(|f| !v.cx.folios[*f].free && self.as_set_up >> *f & 1 == 0);
        if let Some(f) = used.clone().find(|f| counted && stale(v, *f)) {
            return Some(found(f, &STALE));
        }
        used.find_map(|f| audit(v, f).map(|kind| found(f, kind)))
    }
}

fn stale(v: &View, f: usize) -> bool {
    flags(v.m, f) & PG_MLOCKED != 0 && locked_mappings(v.m, f) == 0
}

fn lost(v: &View, f: usize) -> bool {
    flags(v.m, f) & PG_MLOCKED == 0 && locked_mappings(v.m, f) != 0
}

#[cold]
fn audit(v: &View, f: usize) -> Option<&'static KindSpec> {
    let listed = |f: usize| flags(v.m, f) & (PG_MLOCKED | PG_LRU | PG_UNEVICTABLE) == PG_MLOCKED | PG_LRU;
    match () {
        _ if v.set.wants(&LOST) && lost(v, f) => Some(&LOST),
        _ if v.set.wants(&EVICTABLE_LIST) && listed(f) => Some(&EVICTABLE_LIST),
        _ => None,
    }
}

/// Migration hands the flag on while it has both pages locked, and maps the new one later.
fn migrates(v: &View, e: &Event) -> bool {
    v.m.stack(e.task as usize).any(|n| n.name == "mlock_migrate_page")
}

fn set(v: &View, f: usize, e: &Event, locked: bool, before: &[u16; VMAS]) -> Option<Finding> {
    if !visible(v, f) || migrates(v, e) {
        return None;
    }
    if !mapped_locked(v, f, e, before) {
        return Some(UNSTABLE.at(e));
    }
    if !locked && v.set.wants(&SET_UNLOCKED) {
        return Some(SET_UNLOCKED.at(e));
    }
    // What the page is mapped by could go away here, mmap_lock or not: exit does not take it.
    let kept = || v.cx.task(e).locks().iter().any(|l| l.field() == Field::Ptl);
    (v.hints && !kept()).then(|| UNSTABLE.hint(e))
}

fn cleared(v: &View, f: usize, e: &Event, locked: bool) -> Option<Finding> {
    if locked || word(v.m, f, Field::Refcount) == 0 {
        return None;
    }
    let t = v.cx.task(e);
    let by_lru = t.holds(Obj::lru_lock()) && v.ledger.account(f).on_cpu(e.cpu as usize) != 0;
    let by_ptl = t.locks().iter().any(|l| l.field() == Field::Ptl);
    match () {
        _ if !by_lru && !by_ptl && v.set.wants(&CLEAR_UNGUARDED) => Some(CLEAR_UNGUARDED.at(e)),
        _ if v.set.wants(&CLEAR_UNLOCKED) => Some(CLEAR_UNLOCKED.at(e)),
        _ => None,
    }
}

/// The last users of an address space are alone with it.
fn vm_flags(v: &View, e: &Event) -> Option<Finding> {
    let vma = e.obj.place().index as usize;
    let mm = vma / VMAS_PER_MM;
    let linked = Seq(v.m.peek(Obj::at(Field::MmVmas, mm, 0))).contains(vma);
    if (e.old ^ e.new) & VM_LOCKED == 0 || !linked || !v.cx.running {
        return None;
    }
    let written = v.m.peek(Obj::at(Field::MmapLock, mm, 0)) == e.task as u64 + 1;
    let alone = v.m.peek(Obj::at(Field::MmUsers, mm, 0)) == 0;
    (!written && !alone).then(|| VM_FLAGS.at(e))
}

impl Check for Mlock {
    const SPEC: CheckSpec = CheckSpec { name: "mlock", title: "PG_mlocked, NR_MLOCK and VM_LOCKED", kinds: KINDS };
    const TOPICS: Topics = Topics::none()
        .flag_changes()
        .writes(Field::VmFlags)
        .note(Note::FolioAlloc)
        .note(Note::SetupDone)
        .note(Note::Quiescent);

    fn reset(&mut self) {
        *self = Mlock::default();
    }

    #[inline]
    fn on(&mut self, v: &View, e: &Event) -> Option<Finding> {
        match e.note {
            Note::SetupDone => self.set_up(v),
            Note::Quiescent => return self.at_rest(v, e),
            Note::FolioAlloc => {
                let f = e.obj.as_folio()?;
                self.as_set_up &= !(1 << f);
                self.changed[f] = None;
            }
            _ if e.obj.field() == Field::VmFlags => {
                let vma = e.obj.place().index as usize;
                let held = |t: &usize| v.cx.tasks[*t].holds(Obj::at(Field::Ptl, vma / VMAS_PER_MM, 0));
                let unlocked = e.old & !e.new & VM_LOCKED != 0;
                self.before[vma] = (0..TASKS).filter(|t| unlocked && held(t)).fold(0, |set, t| set | 1 << t);
                return vm_flags(v, e);
            }
            _ => return self.flags(v, e.obj.as_folio()?, e),
        }
        None
    }
}
