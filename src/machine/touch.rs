//! What a step touches, for strategies that must know which steps may change places: the exhaustive ones.
//!
//! A step is what a task does between two of its points: one access to shared memory, and what follows from it without
//! another point. All of it counts here: the access, cells looked at or written silently, facts told to the checks, the
//! state of the simulated world outside the memory. Recorded only while [`Machine::set_tracing`] is on.

use super::Machine;
use crate::vocab::{
    CPUS, Event, FOLIOS, Field, Kind, MAPPINGS, MMS, Note, OPS_PER_CPU, Obj, Order, PG_LOCKED, PG_WAITERS, TASKS,
};

/// How a step touches a cell. Two accesses of one cell may change places if both read, both update, or both take or
/// release the lock shared; all others conflict.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, serde::Serialize, serde::Deserialize)]
#[repr(u8)]
pub enum Access {
    Read,
    /// One of several that commute with one another, but with no read.
    Update,
    /// A lock taken shared by who would have waited for it.
    TakeShared,
    ReleaseShared,
    Write,
    /// A lock taken exclusively by who would have waited for it.
    Lock,
    Unlock,
}

impl Access {
    /// Whether two accesses of one cell depend on one another.
    #[inline]
    pub fn conflicts(self, other: Access) -> bool {
        self.group() != other.group() || self.group() == Access::Write
    }

    /// One of the accesses it commutes with; those that commute with none are writes.
    fn group(self) -> Access {
        match self {
            Access::Read | Access::Update | Access::TakeShared => self,
            Access::ReleaseShared => Access::TakeShared,
            Access::Write | Access::Lock | Access::Unlock => Access::Write,
        }
    }

    /// Whether it conflicts with every other.
    pub fn is_exclusive(self) -> bool {
        self.group() == Access::Write
    }

    /// What two accesses of one step to one cell are together. Who takes or releases a lock may look at it, too.
    #[must_use]
    pub fn and(self, other: Access) -> Access {
        use Access::{Lock, Read, ReleaseShared, TakeShared, Unlock};
        match (self, other) {
            _ if self == other => self,
            (Lock | Unlock | TakeShared | ReleaseShared, Read) => self,
            (Read, Lock | Unlock | TakeShared | ReleaseShared) => other,
            _ => Access::Write,
        }
    }
}

/// A cell as steps touch it: memory, and what stands for other state.
pub type CellId = u16;

const COUNT: u16 = Obj::COUNT as u16;
/// The facts told about a memory cell.
const FACTS: u16 = COUNT;
/// The life of an object: every access to it reads this, allocating and freeing it writes.
const LIVES: u16 = 2 * COUNT;
const HIDDEN: u16 = 3 * COUNT;

/// Shared state of the simulated world that is not in its memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hidden {
    /// Whether a task is inside a section that an RCU grace period waits for.
    Reader(usize),
    /// Whether a service task runs.
    Live(usize),
    /// What the check of contents knows of a file's pages, or of a process's.
    FileContent(usize),
    UserContent(usize),
    /// The queue of RCU callbacks.
    RcuQueue,
    /// Work queued for service tasks.
    Work,
    /// Which files are open, which processes run.
    Descriptor(usize),
    Process(usize),
    /// How far a claim has come: its steps are in an order.
    Claim,
}

impl Hidden {
    const fn number(self) -> usize {
        const AFTER_LIVE: usize = 2 * TASKS;
        const AFTER_FILES: usize = AFTER_LIVE + MAPPINGS + 1;
        const AFTER_USERS: usize = AFTER_FILES + MMS;
        match self {
            Hidden::Reader(task) => task,
            Hidden::Live(task) => TASKS + task,
            Hidden::FileContent(m) => AFTER_LIVE + m,
            Hidden::UserContent(mm) => AFTER_FILES + mm,
            Hidden::RcuQueue => AFTER_USERS,
            Hidden::Work => AFTER_USERS + 1,
            Hidden::Descriptor(m) => AFTER_USERS + 2 + m,
            Hidden::Process(mm) => AFTER_USERS + 2 + MAPPINGS + mm,
            Hidden::Claim => AFTER_USERS + 2 + MAPPINGS + MMS,
        }
    }

    const COUNT: usize = Hidden::Claim.number() + 1;

    pub const fn cell(self) -> CellId {
        HIDDEN + self.number() as u16
    }
}

/// The bits of each folio's flags: operations on different bits of the word may change places.
const BITS: u16 = HIDDEN + Hidden::COUNT as u16;
/// Bits of the word that are told apart.
const WORD: u16 = 32;

/// Number of cells.
pub const CELLS: usize = BITS as usize + FOLIOS * WORD as usize;

/// One access of a step. Values only for memory.
#[derive(Clone, Copy, Debug)]
pub struct Touch {
    pub cell: CellId,
    pub access: Access,
    pub old: u64,
    pub new: u64,
}

impl Touch {
    /// Whether the cell is one of memory.
    pub fn is_memory(&self) -> bool {
        self.cell < COUNT || self.cell >= BITS
    }
}

/// The cell of the life of the object each memory cell belongs to: named after its first cell.
static LIFE_OF: [CellId; Obj::COUNT] = {
    let mut t = [0; Obj::COUNT];
    let (mut i, mut first) = (0, 0);
    while i < Field::ALL.len() {
        let field = Field::ALL[i];
        if field.class() as u8 != Field::ALL[first].class() as u8 {
            first = i;
        }
        let mut n = 0;
        while n < field.class().count() {
            let mut s = 0;
            while s < field.cells() {
                t[Obj::at(field, n, s).0 as usize] = LIVES + Obj::at(Field::ALL[first], n, 0).0;
                s += 1;
            }
            n += 1;
        }
        i += 1;
    }
    t
};

#[inline]
fn life(obj: Obj) -> CellId {
    LIFE_OF[obj.0 as usize]
}

/// Whether an event begins or ends the life of its object.
fn is_life(e: &Event) -> bool {
    matches!(
        e.note,
        Note::FolioAlloc
            | Note::FolioFree
            | Note::InodeFreed
            | Note::SwapFreed
            | Note::VmaAlloc
            | Note::VmaFree
            | Note::AnonVmaAlloc
            | Note::AnonVmaFree
    )
}

impl Machine {
    /// Record what the steps touch from now on; see [`Machine::touches`].
    pub fn set_tracing(&self, on: bool) {
        if self.tracing.replace(on) != on {
            self.choose_topics();
        }
    }

    /// What was touched since the last call, oldest first, moved into `into`.
    pub fn touches(&self, into: &mut Vec<Touch>) {
        into.clear();
        std::mem::swap(into, &mut self.touched.borrow_mut());
    }

    /// The running task touches state that is not in memory.
    #[inline]
    pub fn touch(&self, hidden: Hidden, access: Access) {
        if self.tracing.get() {
            self.record(hidden.cell(), access, 0, 0);
        }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn touch_peek(&self, obj: Obj, v: u64) {
        match obj.as_folio().filter(|_| obj.field() == Field::Flags) {
            Some(folio) => self.touch_bits(folio, u32::MAX, 0, (v, v)),
            None => self.touch_cell(obj, Access::Read, v, v),
        }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn touch_poke(&self, obj: Obj, old: u64, new: u64) {
        match obj.as_folio().filter(|_| obj.field() == Field::Flags) {
            Some(folio) => self.touch_bits(folio, u32::MAX, (old ^ new) as u32, (old, new)),
            None => self.touch_cell(obj, Access::Write, old, new),
        }
    }

    /// Bits of a folio's flags without an access, as [`Machine::peek`].
    #[inline]
    pub fn peek_flags(&self, folio: usize, bits: u64) -> u64 {
        let v = self.words[Obj::folio(folio, Field::Flags).0 as usize].get() & bits;
        if self.tracing.get() {
            self.touch_bits(folio, bits as u32, 0, (v, v));
        }
        v
    }

    #[cold]
    #[inline(never)]
    pub(super) fn touch_cell(&self, obj: Obj, access: Access, old: u64, new: u64) {
        if obj != Obj::NONE {
            self.record(obj.0, access, old, new);
            self.record(life(obj), Access::Read, 0, 0);
        }
    }

    /// The access of the last event was a lock that was only tried: one more read-modify-write.
    pub(super) fn touch_tried(&self, obj: Obj) {
        if let Some(t) = self.touched.borrow_mut().iter_mut().rev().find(|t| t.cell == obj.0) {
            t.access = Access::Write;
        }
    }

    fn record(&self, cell: CellId, access: Access, old: u64, new: u64) {
        self.touched.borrow_mut().push(Touch { cell, access, old, new });
    }

    /// Some bits of a folio's flags are read, others change.
    #[cold]
    #[inline(never)]
    fn touch_bits(&self, folio: usize, read: u32, written: u32, (old, new): (u64, u64)) {
        for bit in (0..WORD).filter(|b| (read | written) >> b & 1 != 0) {
            let access = if written >> bit & 1 != 0 { Access::Write } else { Access::Read };
            self.record(BITS + folio as u16 * WORD + bit, access, old >> bit & 1, new >> bit & 1);
        }
        self.record(life(Obj::folio(folio, Field::Flags)), Access::Read, 0, 0);
    }

    /// The bits an event on a folio's flags tests and changes. A bit that is set again is only looked at. A store of
    /// the whole word writes every bit, those it means to keep, too.
    fn touch_flags(&self, folio: usize, e: &Event) {
        let changed = (e.old ^ e.new) as u32;
        let (read, written) = match (e.kind, e.note) {
            (Kind::Store, _) => (0, u32::MAX),
            (_, Note::TestFlag | Note::SetFlag | Note::TestAndSetFlag | Note::TestAndClearFlag) => (e.aux, changed),
            (_, Note::ClearFlag) => (e.aux | PG_WAITERS as u32, changed),
            (_, Note::FolioTrylock) => (PG_LOCKED as u32, changed),
            (_, Note::FolioUnlock | Note::FolioHandoff) => ((PG_LOCKED | PG_WAITERS) as u32, changed),
            _ => (u32::MAX, changed),
        };
        self.touch_bits(folio, read, written, (e.old, e.new));
        if matches!(e.order, Order::Acquire | Order::Release | Order::Full) {
            self.record(e.obj.0, if e.order == Order::Acquire { Access::Read } else { Access::Write }, 0, 0);
        }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn touch_event(&self, e: &Event) {
        let flags = if e.obj.field() == Field::Flags { e.obj.as_folio() } else { None };
        if let Some(folio) = flags.filter(|_| e.kind != Kind::Note) {
            return self.touch_flags(folio, e);
        }
        let access = match e.kind {
            Kind::Load | Kind::RmwFail => Some(Access::Read),
            Kind::Store | Kind::Rmw => Some(Access::Write),
            Kind::Lock => Some(Access::Lock),
            Kind::Unlock => Some(Access::Unlock),
            Kind::LockShared => Some(Access::TakeShared),
            Kind::UnlockShared => Some(Access::ReleaseShared),
            Kind::Barrier | Kind::Note => None,
        };
        match access {
            Some(access) => self.touch_cell(e.obj, access, e.old, e.new),
            None => self.touch_fact(e),
        }
        if is_life(e) && e.obj != Obj::NONE {
            self.record(life(e.obj), Access::Write, 0, 0);
        }
        self.touch_content(e);
    }

    /// A pure note: a fact about its object, or the edge of a section.
    fn touch_fact(&self, e: &Event) {
        match e.note {
            Note::RcuReadLock
            | Note::RcuReadUnlock
            | Note::IrqOff
            | Note::IrqOn
            | Note::PreemptOff
            | Note::PreemptOn => self.record(Hidden::Reader(e.task as usize).cell(), Access::Write, 0, 0),
            Note::Blocked | Note::Woken => {}
            _ if e.obj == Obj::NONE => {}
            _ => {
                if e.obj.field() != Field::Flags {
                    self.touch_cell(e.obj, Access::Read, 0, 0);
                }
                self.record(FACTS + e.obj.0, Access::Write, 0, 0);
            }
        }
    }

    /// What a page shows is compared with the writes before the reading operation began, whatever the cells.
    fn touch_content(&self, e: &Event) {
        let owner = (e.aux >> 8 & 0xff) as usize;
        let file = Hidden::FileContent(owner.min(MAPPINGS)).cell();
        let user = Hidden::UserContent(owner.min(MMS - 1)).cell();
        match e.note {
            Note::OpBegin => {
                (0..=MAPPINGS).for_each(|m| self.record(Hidden::FileContent(m).cell(), Access::Read, 0, 0));
                (0..MMS).for_each(|mm| self.record(Hidden::UserContent(mm).cell(), Access::Read, 0, 0));
            }
            Note::FileWrite | Note::FileDiscard | Note::HolePunched | Note::TruncateEnd => {
                self.record(file, Access::Update, 0, 0)
            }
            Note::UserWrite | Note::UserFill | Note::PinWrite | Note::AnonDiscard | Note::AnonLazyFree => {
                self.record(user, Access::Update, 0, 0);
                // A page of a file may be what is mapped.
                (0..=MAPPINGS).for_each(|m| self.record(Hidden::FileContent(m).cell(), Access::Update, 0, 0));
            }
            Note::AnonAlias => (0..MMS).for_each(|mm| {
                self.record(Hidden::UserContent(mm).cell(), Access::Update, 0, 0);
            }),
            _ => {}
        }
    }

    /// Whether `task`'s next step is to take a lock that is held, and to sleep.
    pub fn would_block(&self, task: usize) -> bool {
        let t = &self.tasks[task];
        if !t.takes.get() {
            return false;
        }
        let pending = self.pend[task].get();
        let held = self.words[pending.obj.0 as usize].get();
        if pending.kind == Kind::LockShared { held & 0xff != 0 } else { held != 0 }
    }

    /// Whether every program has ended, and the main task is about to do what is left.
    pub fn is_joined(&self) -> bool {
        self.tasks[0].joining.get() && self.live.get() & ((1 << CPUS) - 1) == 1
    }

    /// Whether every program has ended and no service task has ever run: nothing can come between the main task's
    /// steps, and all there was comes before them. (What a service task has done could have come after them.)
    pub fn is_alone(&self) -> bool {
        let ended = self.tasks[0].joining.get() || self.op(0) as usize == OPS_PER_CPU;
        ended && self.live.get() == 1 && !self.served.get()
    }

    /// Tasks that are not over, as a bit set.
    pub fn live_tasks(&self) -> u32 {
        self.live.get()
    }

    /// Tasks that can run, as a bit set.
    pub fn runnable(&self) -> u32 {
        self.runnable.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_cells_are_apart() {
        let mut all: Vec<Hidden> = (0..TASKS).flat_map(|t| [Hidden::Reader(t), Hidden::Live(t)]).collect();
        all.extend((0..=MAPPINGS).map(Hidden::FileContent));
        all.extend((0..MMS).flat_map(|mm| [Hidden::UserContent(mm), Hidden::Process(mm)]));
        all.extend((0..MAPPINGS).map(Hidden::Descriptor));
        all.extend([Hidden::RcuQueue, Hidden::Work, Hidden::Claim]);
        let mut cells: Vec<CellId> = all.iter().map(|h| h.cell()).collect();
        cells.sort_unstable();
        cells.dedup();
        assert_eq!(cells.len(), all.len());
        assert!(cells.iter().all(|c| (*c as usize) < CELLS && *c >= HIDDEN));
    }

    #[test]
    fn accesses_of_one_commuting_kind_do_not_conflict() {
        use Access::*;
        let groups = [&[Read][..], &[Update], &[TakeShared, ReleaseShared]];
        let all = [Read, Update, TakeShared, ReleaseShared, Write, Lock, Unlock];
        for (a, b) in all.iter().flat_map(|a| all.iter().map(move |b| (*a, *b))) {
            let together = groups.iter().any(|g| g.contains(&a) && g.contains(&b));
            assert_eq!(a.conflicts(b), !together, "{a:?} {b:?}");
        }
    }
}
