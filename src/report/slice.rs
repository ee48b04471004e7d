//! Which steps matter: a causal slice backwards from the finding.
//!
//! Subjects are the folio and the mapping of the finding. An operation is *core* if it made the violation, the access
//! on the other side, or ended the subject's life somewhere (mapping, slot, inode, folio). Of core operations every
//! change of the subjects is kept; of the others only what they left behind for somebody else. Tests are kept where
//! another CPU changed the answer, locks where they made somebody wait or where the violation happened under them.

use super::Report;
use super::words::is_lock;
use crate::machine::Step;
use crate::vocab::*;
use std::collections::{BTreeMap, BTreeSet};

/// Flags no other path decides by.
const QUIET: u64 = PG_WAITERS | PG_REFERENCED | PG_ACTIVE | PG_WORKINGSET | PG_UPTODATE | PG_HEAD;

/// A task in one of its operations.
type Key = (u8, u8);

fn key(e: &Event) -> Key {
    (e.task, e.op)
}

/// What a finding is about, and the steps (positions in the trace) that tell how it came about.
#[derive(Default)]
pub(super) struct Slice {
    pub shown: Vec<usize>,
    pub culprit: Option<usize>,
    /// Bit sets.
    pub folios: u32,
    pub mappings: u32,
}

struct Slicer<'a> {
    steps: &'a [Step],
    from: usize,
    end: usize,
    other: Option<usize>,
    folios: u32,
    mappings: u32,
    /// Only waiting matters: a deadlock.
    locks_only: bool,
    /// List membership matters.
    lists: bool,
    /// Every flag that must be clear at free matters.
    bad_page: bool,
    core: BTreeSet<Key>,
}

impl Report<'_> {
    pub(super) fn slice(&self) -> Slice {
        let Some(end) = self.index_of(self.finding.seq) else { return Slice::default() };
        let setup = self.setup_end();
        let from = if end < setup { 0 } else { setup };
        let steps = &self.trace.steps[..];
        let culprit = &steps[end].event;
        let other = self.finding.other.and_then(|s| self.index_of(s)).filter(|i| (from..end).contains(i));

        let mut folios = self.finding.folio.map_or(0, |f| 1u32 << (f as u32 % 32));
        let mut mappings = self.finding.mapping.map_or(0, |m| 1u32 << (m as u32 % 32));
        let sides = [Some(culprit), other.map(|i| &steps[i].event)];
        for e in sides.into_iter().flatten() {
            if let Some(m) = e.obj.as_mapping() {
                mappings |= 1 << m;
                if folios == 0
                    && let Via::Folio { folio, .. } = Via::from_aux(e.aux)
                {
                    folios |= 1 << folio;
                }
            }
        }
        for e in sides.into_iter().flatten() {
            if folios == 0
                && let Some(f) = e.obj.as_folio()
            {
                folios |= 1 << f;
            }
        }
        let check = self.finding.check;
        let list_note = matches!(culprit.note, Note::LruAdd | Note::LruDel | Note::PrivateAdd | Note::PrivateDel)
            && culprit.kind == Kind::Note;
        let mut s = Slicer {
            steps,
            from,
            end,
            other,
            folios,
            mappings,
            locks_only: matches!(culprit.note, Note::Deadlock | Note::NoProgress),
            lists: list_note || check.contains("lru") || check.contains("list"),
            bad_page: culprit.note == Note::FolioFree || check.contains("page"),
            core: BTreeSet::new(),
        };
        s.find_core();
        Slice { shown: s.run(), culprit: Some(end), folios: s.folios, mappings: s.mappings }
    }
}

impl Slicer<'_> {
    fn ev(&self, i: usize) -> &Event {
        &self.steps[i].event
    }

    fn is_folio(&self, e: &Event) -> bool {
        e.obj.as_folio().is_some_and(|f| self.folios >> f & 1 != 0)
    }

    fn is_slot_store(&self, e: &Event) -> bool {
        let names = |v: u64| v != 0 && v <= FOLIOS as u64 && self.folios >> (v - 1) & 1 != 0;
        e.obj.field() == Field::Slot && e.wrote() && (names(e.old) || names(e.new))
    }

    /// A page-table entry begins or ceases to name one of the folios, or to be writable.
    fn is_pte_write(&self, e: &Event) -> bool {
        let names = |pte: Pte| pte.page().or(pte.migration_pfn()).is_some_and(|f| self.folios >> f & 1 != 0);
        let (old, new) = (Pte(e.old), Pte(e.new));
        let shape = |pte: Pte| pte.mkold().mkclean();
        e.obj.field() == Field::PteCell && e.wrote() && (names(old) || names(new)) && shape(old) != shape(new)
    }

    /// A change of the very cell the violation is about, where that is no part of a folio or an inode's own.
    fn is_subject(&self, e: &Event) -> bool {
        let field = e.obj.field();
        let other = matches!(field.class(), Class::Mm | Class::Vma | Class::AnonVma | Class::Swap);
        (other || matches!(field, Field::Content | Field::Disk))
            && e.obj == self.ev(self.end).obj
            && e.wrote()
            && !is_lock(e.obj)
    }

    fn is_death(&self, e: &Event) -> bool {
        e.note == Note::InodeFreed && e.obj.as_mapping().is_some_and(|m| self.mappings >> m & 1 != 0)
    }

    fn is_core(&self, i: usize) -> bool {
        self.core.contains(&key(self.ev(i)))
    }

    fn find_core(&mut self) {
        let mut core = BTreeSet::new();
        let mut asleep = BTreeMap::new();
        for i in self.from..=self.end {
            let e = self.ev(i);
            let end_of_life = self.is_folio(e)
                && (e.obj.field() == Field::FolioMapping && e.wrote() && e.new == 0 || e.note == Note::FolioFree);
            let taken = self.is_slot_store(e) && e.new == 0;
            if i == self.end || Some(i) == self.other || end_of_life || taken || self.is_death(e) {
                core.insert(key(e));
            }
            match e.note {
                Note::Blocked | Note::FolioWait => drop(asleep.insert(e.task, i)),
                Note::Deadlock | Note::NoProgress => {}
                _ => drop(asleep.remove(&e.task)),
            }
        }
        if self.locks_only {
            let mut folios = 0;
            for &i in asleep.values() {
                core.insert(key(self.ev(i)));
                // Blocked on a wait entry: the FolioWait just before says for which folio.
                for j in [i, i.saturating_sub(1)] {
                    let e = self.ev(j);
                    if e.note == Note::FolioWait && e.task == self.ev(i).task {
                        folios |= e.obj.as_folio().map_or(0, |f| 1u32 << f);
                    }
                }
            }
            self.folios |= folios;
        }
        self.core = core;
    }

    /// The flags an event changed.
    fn changed(e: &Event) -> u64 {
        if e.obj.field() == Field::Flags && e.wrote() { e.old ^ e.new } else { 0 }
    }

    /// The flags an event read for their value.
    fn tested(e: &Event) -> u64 {
        match e.note {
            Note::TestFlag | Note::TestAndSetFlag | Note::TestAndClearFlag if e.obj.field() == Field::Flags => {
                e.aux as u64
            }
            _ => 0,
        }
    }

    /// Some other task than `task`'s core operations read or changed one of the bits of `obj`.
    fn contended(&self, task: u8, obj: Obj, bits: u64) -> bool {
        (self.from..=self.end).any(|i| {
            let e = self.ev(i);
            e.obj == obj && e.task != task && self.is_core(i) && (Self::tested(e) | Self::changed(e)) & bits != 0
        })
    }

    /// Whether the value the load at `i` saw was written by another task, or is overwritten by one later and this is
    /// the task's last look before.
    fn raced(&self, i: usize, bits: u64) -> bool {
        let e = self.ev(i);
        let writes = |j: usize| {
            let w = self.ev(j);
            w.obj == e.obj && w.wrote() && (w.old ^ w.new) & bits != 0
        };
        if let Some(w) = (self.from..i).rev().find(|&j| writes(j))
            && self.ev(w).task != e.task
        {
            return true;
        }
        let Some(w) = (i + 1..=self.end).find(|&j| writes(j)) else { return false };
        let again = |j: usize| {
            let l = self.ev(j);
            l.task == e.task && l.obj == e.obj && Self::tested(l) & bits != 0
        };
        self.ev(w).task != e.task && !(i + 1..w).any(again)
    }

    fn run(&self) -> Vec<usize> {
        let mut keep: BTreeSet<usize> = (self.from..self.end).filter(|&i| self.matters(i)).collect();
        self.mapping_load(&mut keep);
        self.locks(&mut keep);
        keep.extend(self.other);
        keep.insert(self.end);
        self.prune_pairs(&mut keep);
        self.prune_repeats(&mut keep);
        self.prune_bystanders(&mut keep);
        keep.into_iter().collect()
    }

    /// Rules that need only the step and the classification of its operation.
    fn matters(&self, i: usize) -> bool {
        let e = self.ev(i);
        let core = self.is_core(i);
        if self.is_death(e) {
            return true;
        }
        if self.locks_only {
            return self.is_folio(e)
                && matches!(e.note, Note::FolioTrylock | Note::FolioUnlock | Note::FolioHandoff | Note::FolioWait)
                && (core || e.kind != Kind::RmwFail);
        }
        if self.is_slot_store(e) || self.is_pte_write(e) || self.is_subject(e) {
            return true;
        }
        if !self.is_folio(e) {
            return false;
        }
        if e.kind == Kind::Note {
            return match e.note {
                Note::FolioFree | Note::FolioAlloc | Note::IoSubmit => true,
                Note::MigrateCopy | Note::MigrateSuccess | Note::MigrateAgain | Note::MigrateGiveUp => true,
                Note::PinDone | Note::PinDrop => true,
                Note::FolioWait => core,
                Note::LruAdd | Note::LruDel | Note::PrivateAdd | Note::PrivateDel => self.lists,
                Note::BatchAdd | Note::BatchFiled | Note::BatchMark | Note::BatchDone => self.lists,
                Note::MunlockMissed => self.lists,
                Note::RefTransfer | Note::RefDiscard => self.moves_culprits_reference(e),
                _ => false,
            };
        }
        match e.obj.field() {
            Field::Refcount => e.wrote() || e.kind == Kind::RmwFail,
            Field::FolioMapping => e.wrote() && e.old != e.new,
            Field::Mapcount => e.wrote(),
            Field::Flags => self.flag_matters(i),
            _ => false,
        }
    }

    /// A hand-over matters where the violation is made with that very reference.
    fn moves_culprits_reference(&self, e: &Event) -> bool {
        let c = self.ev(self.end);
        if !matches!(c.note, Note::RefPut | Note::RefSub | Note::RefDiscard) {
            return false;
        }
        let owner = c.aux & 0xffff;
        e.aux & 0xffff == owner || e.note == Note::RefTransfer && e.aux >> 16 == owner
    }

    fn flag_matters(&self, i: usize) -> bool {
        let e = self.ev(i);
        match e.note {
            Note::FolioTrylock | Note::FolioUnlock | Note::FolioHandoff => return true,
            Note::NonAtomicFlag if !e.wrote() => {
                // The load half matters if somebody changed the word before the store half.
                let store = (i + 1..=self.end).find(|&j| {
                    let s = self.ev(j);
                    s.task == e.task && s.obj == e.obj && s.wrote()
                });
                return store
                    .is_some_and(|s| (i + 1..s).any(|j| self.ev(j).obj == e.obj && Self::changed(self.ev(j)) != 0));
            }
            _ => {}
        }
        let changed = Self::changed(e);
        if changed != 0 {
            if self.bad_page && changed & PAGE_FLAGS_CHECK_AT_FREE != 0 {
                return true;
            }
            return changed & PG_LRU != 0 && self.is_core(i) || self.contended(e.task, e.obj, changed & !QUIET);
        }
        let tested = Self::tested(e) & !QUIET;
        tested != 0 && self.is_core(i) && (self.raced(i, tested) || self.last_lru_test(i))
    }

    /// The last look at PG_lru under the lru_lock before the violation, still under it: what made the folio eligible.
    fn last_lru_test(&self, i: usize) -> bool {
        let (e, c) = (self.ev(i), self.ev(self.end));
        let looks = |e: &Event| key(e) == key(c) && Self::tested(e) & PG_LRU != 0 && self.is_folio(e);
        looks(e)
            && self.held(i, e.task).iter().any(|&l| self.ev(l).obj == Obj::lru_lock())
            && self.held(self.end, e.task).iter().any(|&l| self.ev(l).obj == Obj::lru_lock())
            && !(i + 1..self.end).any(|j| looks(self.ev(j)))
    }

    /// Steps by which `task` took the locks it holds just before step `at`.
    fn held(&self, at: usize, task: u8) -> Vec<usize> {
        let mut held: Vec<usize> = Vec::new();
        for i in 0..at {
            let e = self.ev(i);
            if e.task != task {
                continue;
            }
            match e.kind {
                Kind::Lock | Kind::LockShared => held.push(i),
                Kind::Unlock | Kind::UnlockShared => {
                    if let Some(p) = held.iter().rposition(|&l| self.ev(l).obj == e.obj) {
                        held.remove(p);
                    }
                }
                _ => {}
            }
        }
        held
    }

    /// The load the violating access got its pointer from, and looks at `mapping` in core operations that another
    /// CPU's store decided.
    fn mapping_load(&self, keep: &mut BTreeSet<usize>) {
        if self.locks_only {
            return;
        }
        for i in [Some(self.end), self.other].into_iter().flatten() {
            let e = self.ev(i);
            if e.obj.as_mapping().is_some()
                && let Via::Folio { seq, .. } = Via::from_aux(e.aux)
            {
                let load = (self.from..i).rev().find(|&j| {
                    let l = self.ev(j);
                    l.note == Note::MappingLoad && l.seq & 0x7f_ffff == seq
                });
                keep.extend(load);
            }
        }
        for i in self.from..self.end {
            let e = self.ev(i);
            if e.obj.field() != Field::FolioMapping || e.wrote() || !self.is_folio(e) || !self.is_core(i) {
                continue;
            }
            let writer = (self.from..i).rev().find(|&j| self.ev(j).obj == e.obj && self.ev(j).wrote());
            if writer.is_some_and(|w| self.ev(w).task != e.task) {
                keep.insert(i);
            }
        }
    }

    /// Locks that made somebody wait, and the spinlocks the violation happened under.
    fn locks(&self, keep: &mut BTreeSet<usize>) {
        let culprit = self.ev(self.end);
        for l in self.held(self.end, culprit.task) {
            let e = self.ev(l);
            let spin = matches!(e.obj.field(), Field::LruLock | Field::XaLock | Field::ILock | Field::Ptl);
            if l >= self.from && key(e) == key(culprit) && spin {
                keep.insert(l);
            }
        }
        // A reader section the violation happened in, where it is about memory that RCU may free.
        if culprit.obj.as_mapping().is_some() {
            let mut open = Vec::new();
            for i in self.from..self.end {
                let e = self.ev(i);
                if e.task == culprit.task && e.note == Note::RcuReadLock {
                    open.push(i);
                } else if e.task == culprit.task && e.note == Note::RcuReadUnlock {
                    open.pop();
                }
            }
            keep.extend(open.first());
        }
        for i in self.from..self.end {
            let e = self.ev(i);
            let waits = e.note == Note::Blocked && is_lock(e.obj) || e.kind == Kind::RmwFail && is_lock(e.obj);
            if !waits || e.obj.field() == Field::QueueLock && !self.locks_only {
                continue;
            }
            let Some(holder) = self.holder(i) else { continue };
            if !(self.is_core(i) && (self.is_core(holder) || self.locks_only)) {
                continue;
            }
            let by = self.ev(holder).task;
            keep.insert(i);
            keep.insert(holder);
            let release = (i + 1..self.end).find(|&j| {
                let u = self.ev(j);
                u.obj == e.obj && u.task == by && matches!(u.kind, Kind::Unlock | Kind::UnlockShared)
            });
            keep.extend(release);
            if let Some(r) = release
                && e.note == Note::Blocked
            {
                let got = (r + 1..self.end).find(|&j| {
                    let l = self.ev(j);
                    l.obj == e.obj && l.task == e.task && matches!(l.kind, Kind::Lock | Kind::LockShared)
                });
                keep.extend(got);
            }
        }
    }

    /// The step by which another task took the lock of step `i` and still holds it there.
    fn holder(&self, i: usize) -> Option<usize> {
        let e = self.ev(i);
        let mut taken: BTreeMap<u8, usize> = BTreeMap::new();
        for j in 0..i {
            let l = self.ev(j);
            if l.obj != e.obj {
                continue;
            }
            match l.kind {
                Kind::Lock | Kind::LockShared => drop(taken.insert(l.task, j)),
                Kind::Unlock | Kind::UnlockShared => drop(taken.remove(&l.task)),
                _ => {}
            }
        }
        taken.into_values().max().filter(|&j| j >= self.from)
    }

    /// Drops, outside core operations, a get with its put and a lock with its unlock if no kept step of another task
    /// lies between: they changed nothing for anybody.
    fn prune_pairs(&self, keep: &mut BTreeSet<usize>) {
        while let Some((i, j)) = self.idle_pair(keep) {
            keep.remove(&i);
            keep.remove(&j);
        }
    }

    fn idle_pair(&self, keep: &BTreeSet<usize>) -> Option<(usize, usize)> {
        let opens = |e: &Event| match e.note {
            Note::RefGet | Note::RefTryGet if e.kind == Kind::Rmw => Some(true),
            Note::FolioTrylock if e.kind == Kind::Rmw => Some(false),
            _ => None,
        };
        let closes = |e: &Event, reference: bool| match e.note {
            Note::RefPut | Note::RefSub => reference && e.new != 0,
            Note::FolioUnlock => !reference,
            _ => false,
        };
        // The innermost pair first.
        keep.iter().rev().filter(|i| !self.is_core(**i)).find_map(|&i| {
            let e = self.ev(i);
            let reference = opens(e)?;
            let later = keep.range(i + 1..).copied().take_while(|&j| self.ev(j).task == e.task);
            let mut closing = later.filter(|&j| {
                let p = self.ev(j);
                p.obj == e.obj && closes(p, reference) && !self.is_core(j) && j != self.end
            });
            Some((i, closing.next()?))
        })
    }

    /// Of the same test with the same answer, or the same failure, by one task in a row keeps the last.
    fn prune_repeats(&self, keep: &mut BTreeSet<usize>) {
        let quiet = |e: &Event| !e.wrote() && matches!(e.kind, Kind::Load | Kind::RmwFail);
        let order: Vec<usize> = keep.iter().copied().collect();
        for (n, &i) in order.iter().enumerate() {
            let e = self.ev(i);
            if !quiet(e) || i == self.end || Some(i) == self.other {
                continue;
            }
            let same = |&j: &usize| {
                let l = self.ev(j);
                key(l) == key(e) && l.obj == e.obj && l.note == e.note && l.aux == e.aux && quiet(l)
            };
            let repeated = order[n + 1..].iter().find(|j| self.ev(**j).task == e.task && self.ev(**j).obj == e.obj);
            if let Some(j) = repeated
                && same(j)
                && self.ev(*j).old == e.old
                && *j != self.end
            {
                keep.remove(&i);
            }
        }
    }

    /// Drops operations of which nothing is left that changed anything.
    fn prune_bystanders(&self, keep: &mut BTreeSet<usize>) {
        let changes = |e: &Event| {
            e.wrote() && e.old != e.new
                || matches!(e.kind, Kind::Lock | Kind::LockShared)
                || matches!(e.note, Note::FolioFree | Note::FolioAlloc | Note::RefTransfer)
                || self.lists && e.kind == Kind::Note
        };
        let active: BTreeSet<Key> = keep.iter().map(|&i| self.ev(i)).filter(|e| changes(e)).map(key).collect();
        keep.retain(|&i| self.is_core(i) || active.contains(&key(self.ev(i))));
    }
}
