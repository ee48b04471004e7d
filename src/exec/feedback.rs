//! Interleaving feedback: what an execution showed of how tasks meet, hashed into counters.
//!
//! A counter is 0 or 1: that something happened twice is no news. Five kinds of features have a part of the array each
//! (the [`Features`] below), so that one that saturates leaves the others alone.

use crate::prog::Program;
use crate::vocab::{
    CPUS, Event, FOLIOS, Field, Kind, OPS_PER_CPU, Obj, PG_ANON_EXCLUSIVE, PG_DIRTY, PG_LOCKED, PG_LRU, PG_MLOCKED,
    PG_PRIVATE, PG_SWAPCACHE, PG_UNEVICTABLE, PG_WRITEBACK, TASKS, Topics,
};

/// Number of counters; libFuzzer's scan of them costs a microsecond or two per input.
pub const COUNTERS: usize = 1 << 15;

/// The counters of one kind of features: the first, and their number, a power of two.
#[derive(Clone, Copy)]
struct Features {
    from: u32,
    len: u32,
}

/// Two accesses of one cell in a row by two tasks, one of them writing; and which write of another task a read sees.
/// There are not many: they tell how much of what can happen did.
const PAIRS: Features = Features { from: 0, len: 1 << 12 };
/// An operation interrupted at a site for another operation.
const INTERRUPTS: Features = Features { from: 1 << 12, len: 1 << 12 };
/// Steps between abstract states of a folio.
const STATES: Features = Features { from: 1 << 13, len: 1 << 12 };
/// Sites of near misses, with the count class.
const NEAR: Features = Features { from: 3 << 12, len: 1 << 12 };
/// Three accesses of one cell in a row by at least two tasks; four of the cells where lifetimes are decided.
const WINDOWS: Features = Features { from: 1 << 14, len: 1 << 14 };

/// An access: the upper bits of its site's hash, and in the lower ones its task plus 1. 0: none.
type Access = u32;
const TASK: u32 = 15;
const _: () = assert!(TASKS < TASK as usize);

/// Flags of the abstract state; PG_locked is in it by who holds it.
const TOLD: u64 =
    PG_LRU | PG_DIRTY | PG_WRITEBACK | PG_MLOCKED | PG_UNEVICTABLE | PG_SWAPCACHE | PG_PRIVATE | PG_ANON_EXCLUSIVE;

/// What of a folio decides about it.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct State {
    flags: u64,
    /// Frozen, 1, 2, 3, or more.
    refs: u8,
    /// Unmapped, mapped once, or more often.
    maps: u8,
    locker: u8,
}

impl State {
    fn hash(self, task: u8) -> u32 {
        let locked = if self.locker == 0 { 0 } else { 1 + u64::from(self.locker != task) };
        let word = self.flags | u64::from(self.refs) << 56 | u64::from(self.maps) << 60 | locked << 62;
        (word.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32
    }
}

/// Shadows of the execution, and where its features are counted.
pub struct Feedback {
    counters: *mut u8,
    /// The last three accesses of every cell, oldest first, and the last write.
    cells: [[Access; 4]; Obj::COUNT],
    touched: Box<[u16; Obj::COUNT]>,
    nr_touched: usize,
    folios: [State; FOLIOS],
    /// Operations of the program, one more than their codes.
    ops: [[u8; OPS_PER_CPU]; CPUS],
    /// Counters that were ever above 0, and how many of them the last execution was the first to raise.
    seen: Box<[u64; COUNTERS / 64]>,
    news: u32,
}

impl Feedback {
    /// `counters` stays where it is as long as the feedback is used.
    pub fn new(counters: &'static mut [u8; COUNTERS]) -> Feedback {
        Feedback {
            counters: counters.as_mut_ptr(),
            cells: [[0; 4]; Obj::COUNT],
            touched: Box::new([0; Obj::COUNT]),
            nr_touched: 0,
            folios: [State::default(); FOLIOS],
            ops: [[0; OPS_PER_CPU]; CPUS],
            seen: Box::new([0; COUNTERS / 64]),
            news: 0,
        }
    }

    /// Every cell there is.
    pub fn topics() -> Topics {
        Field::ALL.iter().filter(|f| **f != Field::NoField).fold(Topics::none(), |t, f| t.field(*f))
    }

    /// The counters, to be read and cleared between inputs by who has no libFuzzer that does.
    pub fn counters(&mut self) -> &mut [u8; COUNTERS] {
        // SAFETY: `new` was given the array for good; nobody else has it.
        unsafe { &mut *self.counters.cast::<[u8; COUNTERS]>() }
    }

    /// Forgets which counters were ever above 0.
    pub fn forget(&mut self) {
        self.seen.fill(0);
    }

    /// Forgets the last execution (not the counters).
    pub fn reset(&mut self, program: &Program) {
        for &obj in &self.touched[..self.nr_touched] {
            self.cells[obj as usize] = [0; 4];
        }
        self.nr_touched = 0;
        self.folios = [State::default(); FOLIOS];
        self.news = 0;
        for (to, ops) in self.ops.iter_mut().zip(&program.cpus) {
            *to = [0; OPS_PER_CPU];
            to.iter_mut().zip(ops).for_each(|(to, op)| *to = op.code.wrapping_add(1));
        }
    }

    /// Counters the last execution was the first to raise.
    pub fn news(&self) -> u32 {
        self.news
    }

    /// A near miss is a state worth keeping: its site with the count class.
    pub fn near_miss(&mut self, n: &crate::san::NearMiss) {
        self.count(NEAR, n.site ^ u32::from(n.count).wrapping_mul(0x0100_0193));
    }

    /// `from` is stopped at `site` for `to`; tasks, with the operations they are in.
    pub fn interrupted(&mut self, from: (usize, u8), site: u32, to: (usize, u8)) {
        let op = |(task, op): (usize, u8)| match self.ops.get(task) {
            Some(ops) => ops.get(op as usize).copied().unwrap_or_default(),
            None => 255 - task as u8,
        };
        self.count(INTERRUPTS, site ^ u32::from(op(from)) << 24 ^ u32::from(op(to)) << 16);
    }

    #[inline]
    fn count(&mut self, of: Features, h: u32) {
        let i = (of.from + ((h.wrapping_mul(0x9E37_79B9) >> 9) & (of.len - 1))) as usize;
        debug_assert!(i < COUNTERS);
        // SAFETY: the index is below COUNTERS, the length `new` was given; the array is static.
        let counter = unsafe { &mut *self.counters.add(i) };
        // libFuzzer clears the counters between inputs.
        if *counter == 0 {
            *counter = 1;
            let (word, bit) = (&mut self.seen[i / 64], 1 << (i % 64));
            self.news += u32::from(*word & bit == 0);
            *word |= bit;
        }
    }

    #[inline]
    pub fn on(&mut self, e: &Event) {
        if e.kind == Kind::Note {
            return;
        }
        let obj = e.obj.0 as usize;
        let task = u32::from(e.task) + 1;
        let now = e.site.hash() & !TASK | task;
        let cell = self.cells[obj];
        let [a, b, c, writer] = cell;
        let writes = !matches!(e.kind, Kind::Load | Kind::RmwFail);
        if c == 0 {
            self.touched[self.nr_touched] = e.obj.0;
            self.nr_touched += 1;
        }
        self.cells[obj] = [b, c, now, if writes { now } else { writer }];
        let alone = |x: Access| x == 0 || x & TASK == task;
        if !(alone(a) && alone(b) && alone(c) && alone(writer)) {
            self.met(cell, now, e, writes);
        }
        if matches!(e.obj.field(), Field::Flags | Field::Refcount | Field::Mapcount) && writes {
            self.folio(e);
        }
    }

    /// A cell that other tasks have accessed, too, is accessed.
    fn met(&mut self, [a, b, c, writer]: [Access; 4], now: Access, e: &Event, writes: bool) {
        let field = e.obj.field();
        let task = now & TASK;
        let other = |x: Access| x != 0 && x & TASK != task;
        let site = |x: Access| x & !TASK;
        let tag = (field as u32) << 23;
        if other(c) && (writes || c == writer) {
            self.count(PAIRS, site(c).rotate_left(7) ^ site(now));
        }
        if other(writer) && e.kind != Kind::Store {
            self.count(PAIRS, site(writer).rotate_left(13) ^ site(now) ^ 1);
        }
        if c == 0 || !(other(b) || other(c)) {
            return;
        }
        let three = site(b).rotate_left(11) ^ site(c).rotate_left(5) ^ site(now) ^ tag;
        self.count(WINDOWS, three);
        if b != 0 && is_decisive(field) {
            self.count(WINDOWS, three ^ site(a).rotate_left(17) ^ 2);
        }
    }

    /// A folio's flags or counts have changed.
    fn folio(&mut self, e: &Event) {
        let Some(folio) = e.obj.as_folio() else { return };
        let state = &mut self.folios[folio];
        let old = *state;
        match e.obj.field() {
            Field::Flags => {
                state.flags = e.new & TOLD;
                state.locker = match (e.new & PG_LOCKED != 0, state.locker) {
                    (false, _) => 0,
                    (true, 0) => e.task + 1,
                    (true, locker) => locker,
                };
            }
            Field::Refcount => state.refs = e.new.min(4) as u8,
            _ => state.maps = e.new.min(2) as u8,
        }
        if *state != old {
            let (from, to) = (old.hash(e.task + 1), state.hash(e.task + 1));
            self.count(STATES, from.rotate_left(16) ^ to);
        }
    }
}

/// Cells that decide about a folio's lifetime and place.
fn is_decisive(field: Field) -> bool {
    matches!(field, Field::Refcount | Field::Flags | Field::FolioMapping | Field::Slot | Field::Lru)
}
