//! Which steps matter: a causal slice backwards from the finding.
//!
//! Subjects are the folio and the mapping of the finding. An operation is *core* if it made the violation, the access
//! on the other side, or ended the subject's life somewhere (mapping, slot, inode, folio). Of core operations every
//! change of the subjects is kept; of the others only what they left behind for somebody else. Tests are kept where
//! another CPU changed the answer, locks where they made somebody wait or where the violation happened under them. What
//! cancels out or repeats itself goes.

use super::Report;
use super::words::{self, is_lock};
use crate::machine::Step;
use crate::vocab::*;
use std::collections::{BTreeMap, BTreeSet};

/// Flags no other path decides by.
const QUIET: u64 = PG_WAITERS | PG_REFERENCED | PG_ACTIVE | PG_WORKINGSET | PG_UPTODATE | PG_HEAD;

/// Flags that stand for a reference.
const COUNTED: u64 = PG_PRIVATE | PG_SWAPCACHE;

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
    /// What the folios' lists are, which VMAs are VM_LOCKED, and the number of mlocked pages, is part of the story.
    pub lists: bool,
    pub mlock: bool,
    pub nr_mlock: bool,
    /// What stands behind a step.
    pub marks: BTreeMap<usize, Vec<String>>,
}

struct Slicer<'a> {
    steps: &'a [Step],
    from: usize,
    end: usize,
    other: Option<usize>,
    folios: u32,
    /// Folios that one of `folios` was migrated from.
    origins: u32,
    mappings: u32,
    /// PG_mlocked and the VM_LOCKED it follows matter.
    mlock: bool,
    /// The number of mlocked pages matters.
    nr_mlock: bool,
    /// Which page of the file the folio is matters.
    index: bool,
    /// Flags that do not matter.
    quiet: u64,
    /// How one operation decided matters.
    regress: bool,
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
        let other = self.other_side().filter(|i| (from..end).contains(i));

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
        if folios == 0 && words::is_lock(culprit.obj) {
            folios = self.put_around(end);
        }
        let check = self.finding.check;
        let wrong_index = VmBug::WrongIndex as u32;
        let list_note = matches!(culprit.note, Note::LruAdd | Note::LruDel | Note::PrivateAdd | Note::PrivateDel)
            && culprit.kind == Kind::Note;
        let mut s = Slicer {
            steps,
            from,
            end,
            other,
            folios,
            mappings,
            origins: 0,
            mlock: check == "mlock" || self.finding.kind.contains("mlock") || self.finding.kind.contains("unevictable"),
            nr_mlock: self.finding.kind == "nr-mlock",
            quiet: if self.finding.kind.contains("waiters") { QUIET & !PG_WAITERS } else { QUIET },
            regress: check == "regress",
            index: self.finding.kind.contains("index") || culprit.note == Note::VmBug && culprit.aux == wrong_index,
            locks_only: matches!(culprit.note, Note::Deadlock | Note::NoProgress),
            lists: list_note || check.contains("lru") || check.contains("list"),
            bad_page: culprit.note == Note::FolioFree || check.contains("page"),
            core: BTreeSet::new(),
        };
        s.find_origins();
        s.find_core();
        let shown = s.run();
        // Folios that came in as the reason of a step.
        let counted = |e: &&Event| e.obj.field() == Field::Refcount || e.note == Note::FolioTrylock;
        let counted = shown.iter().map(|i| &steps[*i].event).filter(counted);
        let folios = counted.filter_map(|e| e.obj.as_folio()).fold(s.folios | s.origins, |set, f| set | 1 << f);
        let Slicer { mappings, lists, mlock, nr_mlock, .. } = s;
        Slice { shown, culprit: Some(end), folios, mappings, lists, mlock, nr_mlock, marks: BTreeMap::new() }
    }
}

impl Report<'_> {
    /// The folio whose last put is under way at step `end`, as a set: of a lock taken in the course of it.
    fn put_around(&self, end: usize) -> u32 {
        let c = &self.trace.steps[end];
        let put = self.trace.steps[..end].iter().rev().find(|s| {
            let outer = s.stack.len() <= c.stack.len() && s.stack.iter().zip(&c.stack).all(|(a, b)| a.hash == b.hash);
            key(&s.event) == key(&c.event) && s.event.note == Note::RefPut && s.event.new == 0 && outer
        });
        put.and_then(|s| s.event.obj.as_folio()).map_or(0, |f| 1 << f)
    }
}

impl Report<'_> {
    /// The steps that tell how those of a claim came about: `named` are their positions, `end` is the last there is to
    /// tell of.
    pub(super) fn slice_of(&self, named: &BTreeSet<usize>, end: usize, folios: u32, mappings: u32) -> Slice {
        let steps = &self.trace.steps[..];
        let s = Slicer {
            steps,
            from: self.setup_end().min(end),
            end,
            other: None,
            folios,
            mappings,
            origins: 0,
            mlock: false,
            nr_mlock: false,
            quiet: QUIET,
            regress: false,
            index: false,
            locks_only: false,
            lists: false,
            bad_page: false,
            core: named.iter().filter_map(|i| steps.get(*i)).map(|s| key(&s.event)).collect(),
        };
        let mut shown: BTreeSet<usize> = s.run().into_iter().filter(|i| *i != end).collect();
        shown.extend(named.iter().filter(|i| **i <= end));
        Slice { shown: shown.into_iter().collect(), folios, mappings, ..Slice::default() }
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
        let set = self.folios | if self.mlock { self.origins } else { 0 };
        let names = |pte: Pte| pte.page().or(pte.migration_pfn()).is_some_and(|f| set >> f & 1 != 0);
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

    /// Where the folios were copied from, and where those were.
    fn find_origins(&mut self) {
        for i in (self.from..self.end).rev() {
            let e = self.ev(i);
            let to = 1u32.checked_shl(e.aux).unwrap_or(0);
            if e.note == Note::MigrateCopy && (self.folios | self.origins) & to != 0 {
                self.origins |= e.obj.as_folio().map_or(0, |f| 1u32 << f);
            }
        }
        self.origins &= !self.folios;
    }

    /// Of a folio's origin only what was moved matters: the copy, what stands for a reference, PG_mlocked.
    fn origin_matters(&self, e: &Event) -> bool {
        let moved = COUNTED | if self.mlock { PG_MLOCKED } else { 0 };
        e.obj.as_folio().is_some_and(|f| self.origins >> f & 1 != 0)
            && (e.note == Note::MigrateCopy || (Self::changed(e) | Self::cleared(e)) & moved != 0)
    }

    /// The flags an event tried to clear.
    fn cleared(e: &Event) -> u64 {
        if e.note == Note::TestAndClearFlag { e.aux as u64 } else { 0 }
    }

    /// VM_LOCKED comes or goes.
    fn is_locked_change(&self, e: &Event) -> bool {
        self.mlock && e.obj.field() == Field::VmFlags && e.wrote() && (e.old ^ e.new) & VM_LOCKED != 0
    }

    /// A look at a slot or a page-table entry that does or did name one of the folios, or an origin.
    fn is_place_load(&self, e: &Event) -> bool {
        let set = self.folios | self.origins;
        let named = match e.obj.field() {
            Field::Slot => (e.old as usize).checked_sub(1).filter(|f| *f < FOLIOS),
            Field::PteCell => Pte(e.old).page().or(Pte(e.old).migration_pfn()),
            _ => None,
        };
        e.kind == Kind::Load && named.is_some_and(|f| set >> f & 1 != 0)
    }

    fn find_core(&mut self) {
        let mut core = BTreeSet::new();
        let mut asleep = BTreeMap::new();
        for i in self.from..=self.end {
            let e = self.ev(i);
            let end_of_life = self.is_folio(e)
                && (e.obj.field() == Field::FolioMapping && e.wrote() && e.new == 0 || e.note == Note::FolioFree);
            let taken = self.is_slot_store(e) && e.new == 0;
            let locked = self.is_locked_change(e);
            if i == self.end || Some(i) == self.other || end_of_life || taken || locked || self.is_death(e) {
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

    /// As [`Slicer::raced`], for a slot or a page-table entry.
    fn raced_place(&self, i: usize) -> bool {
        let e = self.ev(i);
        let shape = |v: u64| if e.obj.field() == Field::PteCell { Pte(v).mkold().mkclean().0 } else { v };
        let writes = |j: usize| {
            let w = self.ev(j);
            w.obj == e.obj && w.wrote() && shape(w.old) != shape(w.new)
        };
        // What others have written since this task's last access; what they put back as it was is nothing.
        let since = (self.from..i).rev().take_while(|&j| self.ev(j).obj != e.obj || self.ev(j).task != e.task);
        if let Some(first) = since.filter(|&j| writes(j)).last() {
            return shape(self.ev(first).old) != shape(e.old);
        }
        let Some(w) = (i + 1..=self.end).find(|&j| writes(j)) else { return false };
        let again = |j: usize| self.ev(j).task == e.task && self.ev(j).obj == e.obj && self.ev(j).kind == Kind::Load;
        self.ev(w).task != e.task && !(i + 1..w).any(again)
    }

    /// A look at the count that is not true any more when the task itself changes it.
    fn outdated(&self, i: usize) -> bool {
        let e = self.ev(i);
        let next = (i + 1..=self.end).map(|j| self.ev(j)).find(|l| l.obj == e.obj && (l.wrote() || l.task == e.task));
        let own = (i + 1..=self.end).map(|j| self.ev(j)).find(|l| l.obj == e.obj && l.task == e.task);
        next.is_some_and(|l| l.task != e.task) && own.is_some_and(Event::wrote)
    }

    /// The look at the count after which a migration is put off.
    fn decides_migration(&self, i: usize) -> bool {
        let e = self.ev(i);
        let mut next = (i + 1..=self.end).map(|j| self.ev(j)).filter(|l| l.task == e.task && l.obj == e.obj);
        next.next().is_some_and(|l| l.note == Note::MigrateAgain)
    }

    fn run(&self) -> Vec<usize> {
        let mut keep: BTreeSet<usize> = (self.from..self.end).filter(|&i| self.matters(i)).collect();
        self.mapping_load(&mut keep);
        self.source(&mut keep);
        self.locks(&mut keep);
        keep.extend(self.other);
        keep.insert(self.end);
        self.prune_pairs(&mut keep);
        self.prune_entries(&mut keep);
        self.prune_repeats(&mut keep);
        self.prune_rounds(&mut keep);
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
        if self.is_locked_change(e) || self.origin_matters(e) {
            return true;
        }
        if self.nr_mlock && e.obj.field() == Field::NrMlock && e.wrote() {
            return true;
        }
        if self.mlock && core && e.obj.field() == Field::VmFlags && e.kind == Kind::Load {
            return self.raced(i, VM_LOCKED);
        }
        if core && self.is_place_load(e) {
            return self.raced_place(i);
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
        if self.regress && key(e) == key(self.ev(self.end)) && e.kind == Kind::Load {
            return Self::tested(e).count_ones() == 1 || e.obj.field() == Field::FolioMapping;
        }
        match e.obj.field() {
            Field::Refcount if e.kind == Kind::Load => self.decides_migration(i) || core && self.outdated(i),
            Field::Refcount => true,
            Field::FolioMapping => e.wrote() && e.old != e.new,
            Field::Mapcount => e.wrote(),
            Field::Index => self.index && e.wrote() && e.old != e.new,
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
            if self.bad_page && changed & PAGE_FLAGS_CHECK_AT_FREE != 0 || changed & COUNTED != 0 {
                return true;
            }
            if self.mlock && changed & PG_MLOCKED != 0 {
                return true;
            }
            return changed & PG_LRU != 0 && self.is_core(i) || self.contended(e.task, e.obj, changed & !self.quiet);
        }
        let tested = Self::tested(e) & !self.quiet;
        // Which list it belongs on is no decision another path waits for.
        let one = Self::tested(e).count_ones() == 1;
        one && tested != 0 && self.is_core(i) && (self.raced(i, tested) || self.last_lru_test(i))
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

    /// Where both sides had the folio from: their last look at a page-table entry or, without taking a reference, at a
    /// slot that named it before the first step kept of it.
    fn source(&self, keep: &mut BTreeSet<usize>) {
        if self.locks_only {
            return;
        }
        for side in [Some(self.end), self.other].into_iter().flatten().map(|i| key(self.ev(i))) {
            let mine = |i: &usize| key(self.ev(*i)) == side && *i <= self.end;
            let used = |i: &usize| mine(i) && self.is_folio(self.ev(*i)) && self.ev(*i).kind != Kind::Note;
            let first = keep.iter().copied().find(used).unwrap_or(self.end);
            let looked_up = self.ev(first).note == Note::RefTryGet;
            let looks = |i: &usize| mine(i) && self.is_place_load(self.ev(*i));
            if let Some(i) = (self.from..first).rev().find(looks)
                && !(looked_up && self.ev(i).obj.field() == Field::Slot)
            {
                keep.insert(i);
            }
        }
        // The lock that is held, where another is needed.
        let c = self.ev(self.end);
        if c.note == Note::VmBug && c.aux == VmBug::NotLocked as u32 {
            let locks = |i: &usize| {
                let e = self.ev(*i);
                key(e) == key(c) && e.note == Note::FolioTrylock && e.kind == Kind::Rmw
            };
            let open = |i: &usize| {
                let unlocks = |j: usize| self.ev(j).note == Note::FolioUnlock && self.ev(j).obj == self.ev(*i).obj;
                !(*i..self.end).any(unlocks)
            };
            keep.extend((self.from..self.end).rev().filter(locks).find(open));
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

    /// Drops a page-table entry's taking away with its putting back as it was (but for the accessed and dirty bits), if
    /// no kept step lies between.
    fn prune_entries(&self, keep: &mut BTreeSet<usize>) {
        let shape = |v: u64| Pte(v).mkold().mkclean();
        let order: Vec<usize> = keep.iter().copied().collect();
        for pair in order.windows(2) {
            let (a, b) = (self.ev(pair[0]), self.ev(pair[1]));
            let same = a.obj == b.obj && a.obj.field() == Field::PteCell && key(a) == key(b) && a.wrote() && b.wrote();
            let ends = [Some(self.end), self.other];
            if same && shape(a.old) == shape(b.new) && !pair.iter().any(|i| ends.contains(&Some(*i))) {
                pair.iter().for_each(|i| _ = keep.remove(i));
            }
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
            let same = |p: &Event| !reference || p.aux & 0xff == e.aux & 0xff;
            let mut closing = later.filter(|&j| {
                let p = self.ev(j);
                p.obj == e.obj && closes(p, reference) && same(p) && !self.is_core(j) && j != self.end
            });
            let j = closing.next()?;
            // Counts between that stay would no longer follow from each other.
            let counts = keep.range(i + 1..j).any(|&k| self.ev(k).obj == e.obj && self.ev(k).wrote());
            (!reference || !counts).then_some((i, j))
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
            let acted = |j: &usize| self.ev(*j).task == e.task && self.ev(*j).wrote();
            let acted = repeated.is_some_and(|j| order[n + 1..].iter().take_while(|k| *k < j).any(acted));
            if let Some(j) = repeated.filter(|_| !acted)
                && same(j)
                && self.ev(*j).old == e.old
                && *j != self.end
            {
                keep.remove(&i);
            }
        }
    }

    /// Of rounds in a row that do the same with the same results keeps the last.
    fn prune_rounds(&self, keep: &mut BTreeSet<usize>) {
        let same = |a: usize, b: usize| {
            let (x, y) = (self.ev(a), self.ev(b));
            key(x) == key(y)
                && (x.obj, x.kind, x.note, x.aux, x.old, x.new) == (y.obj, y.kind, y.note, y.aux, y.old, y.new)
                && x.site.hash() == y.site.hash()
        };
        let order: Vec<usize> = keep.iter().copied().collect();
        let mut at = 0;
        while at < order.len() {
            let rest = order.len() - at;
            let round = (2..=rest / 2).find(|&n| (0..n).all(|k| same(order[at + k], order[at + n + k])));
            match round {
                Some(n) => {
                    order[at..at + n].iter().for_each(|i| _ = keep.remove(i));
                    at += n;
                }
                None => at += 1,
            }
        }
    }

    /// Drops operations of which nothing is left that changed anything.
    fn prune_bystanders(&self, keep: &mut BTreeSet<usize>) {
        let changes = |e: &Event| {
            e.wrote() && e.old != e.new
                || matches!(e.kind, Kind::Lock | Kind::LockShared)
                || e.obj.field() == Field::NrMlock
                || matches!(e.note, Note::FolioFree | Note::FolioAlloc | Note::RefTransfer)
                || self.lists && e.kind == Kind::Note
        };
        let active: BTreeSet<Key> = keep.iter().map(|&i| self.ev(i)).filter(|e| changes(e)).map(key).collect();
        keep.retain(|&i| self.is_core(i) || active.contains(&key(self.ev(i))));
    }
}
