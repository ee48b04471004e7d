//! What a sweep over generated programs reaches: sites with what came of their accesses, operations with what came of
//! them, functions.

use super::mutate::{MAX_BYTES, mutate};
use crate::exec::Runner;
use crate::machine::{Machine, Sink};
use crate::ops::{Arg, TABLE};
use crate::prog::listing::{BUGS_COLUMN, COLUMNS, Line, Listing, Outcome, column};
use crate::prog::{Program, decode, preset};
use crate::san::CheckSet;
use crate::sched::{MAX_SCATTERED, RandomWalk, Rng, Scatter};
use crate::vocab::*;

/// Executions of one generated program: its own schedule, a random walk, scattered schedules.
const ROUNDS: u64 = 5;
/// How often, of 65536 points, a random walk switches.
const WALKS: [u16; 4] = [1000, 3000, 8000, 20000];

/// Collects what executions reach.
pub struct Sweep {
    runner: Runner,
    scatter: Scatter,
    watch: Watch,
    /// Inputs that reached something first, by column: to be changed further.
    corpus: [Vec<Vec<u8>>; COLUMNS],
    pub executions: u64,
}

impl Default for Sweep {
    fn default() -> Sweep {
        let tables = std::array::from_fn(|_| Names::new());
        let (codes, lengths) = ([[0; OPS_PER_CPU]; CPUS], [[0; OPS_PER_CPU + 2]; TASKS]);
        let watch = Watch { tables, column: 0, news: false, codes, lengths };
        let (runner, scatter) = (Runner::new(CheckSet::all()), Scatter::default());
        Sweep { runner, scatter, watch, corpus: Default::default(), executions: 0 }
    }
}

impl Sweep {
    /// About `runs` executions of generated programs of the kernel as released.
    pub fn kernel(&mut self, kernel: Kernel, runs: u64, seed: u64) {
        self.watch.column = column(kernel);
        self.programs(runs, seed ^ (self.watch.column as u64) << 56, &|_| preset::model(kernel));
    }

    /// As [`Sweep::kernel`], going through all kernels, each program with some historic bugs put back.
    pub fn bugs(&mut self, runs: u64, seed: u64) {
        self.watch.column = BUGS_COLUMN;
        self.programs(runs, seed ^ (BUGS_COLUMN as u64) << 56, &|rng| {
            let kernel = Kernel::ALL[rng.below(Kernel::ALL.len() as u32) as usize];
            let some = BugSet::from_words(std::array::from_fn(|_| rng.bits()));
            Model { bugs: some & preset::applicable(kernel), ..preset::model(kernel) }
        });
    }

    fn programs(&mut self, runs: u64, seed: u64, model: &dyn Fn(&mut Rng) -> Model) {
        let mut rng = Rng::new(seed);
        let mut bytes = vec![0u8; MAX_BYTES];
        let end = self.executions + runs;
        while self.executions < end {
            let old = if rng.one_in(2) { self.picked(&mut rng, &mut bytes) } else { 0 };
            let size = mutate(&mut bytes, old, MAX_BYTES, rng.bits() as u32, &mut |_, size, _| size);
            let mut program = decode(&bytes[..size], model(&mut rng));
            self.watch.news = false;
            self.program(&mut program, &mut rng);
            if self.watch.news {
                self.corpus[self.watch.column].push(bytes[..size].to_vec());
            }
        }
    }

    /// Programs of one kernel, each under a few schedules.
    pub fn corpus(&mut self, kernel: Kernel, programs: impl Iterator<Item = Program>) {
        self.watch.column = column(kernel);
        let mut rng = Rng::new(0);
        programs.for_each(|mut program| self.program(&mut program, &mut rng));
    }

    /// Copies one of the inputs kept to `bytes`, rather a late one, which has reached what is rare; its size.
    fn picked(&self, rng: &mut Rng, bytes: &mut [u8]) -> usize {
        let corpus = &self.corpus[self.watch.column];
        let n = corpus.len() as u32;
        let Some(kept) = corpus.get(rng.below(n).max(rng.below(n)) as usize) else { return 0 };
        bytes[..kept.len()].copy_from_slice(kept);
        kept.len()
    }

    /// One program under [`ROUNDS`] schedules.
    fn program(&mut self, program: &mut Program, rng: &mut Rng) {
        self.watch.begin(program);
        self.runner.observe(program, None, &mut self.watch);
        let ops = std::array::from_fn(|cpu| program.cpus.get(cpu).map_or(0, Vec::len));
        self.scatter.load(&self.watch.lengths, ops, program.model.rcu_free);
        let mut walk = RandomWalk::new(rng.bits(), WALKS[rng.below(WALKS.len() as u32) as usize]);
        self.runner.observe(program, Some(&mut walk), &mut self.watch);
        for _ in 2..ROUNDS {
            self.scatter.draw(rng, MAX_SCATTERED, &mut program.schedule);
            self.runner.observe(program, None, &mut self.watch);
        }
        self.executions += ROUNDS;
    }

    /// Everything reached so far.
    pub fn listing(&self) -> Listing {
        let mut listing = Listing::default();
        for (column, table) in self.watch.tables.iter().enumerate() {
            for slot in table.slots.iter().filter(|s| s.seen != 0) {
                listing.add(&slot.what.to_string(), &Line::new(column, slot.seen, slot.possible));
            }
        }
        listing
    }
}

/// Where something was reached.
#[derive(Clone, Copy)]
enum What {
    Site(Site),
    Func(&'static Name),
    Op(u8),
}

impl What {
    fn key(self) -> u64 {
        match self {
            What::Site(site) => u64::from(site.hash()),
            What::Func(name) => 1 << 32 | u64::from(name.hash),
            What::Op(code) => 2 << 32 | u64::from(code),
        }
    }
}

impl std::fmt::Display for What {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            What::Site(site) => write!(f, "{site}"),
            What::Func(name) => write!(f, "fn:{}", name.name),
            What::Op(code) => write!(f, "op:{}", TABLE.get(*code as usize).map_or("", |o| o.name)),
        }
    }
}

#[derive(Clone, Copy)]
struct Slot {
    key: u64,
    seen: u16,
    possible: u16,
    what: What,
}

/// Bits of a table's size: some three times what there is.
const TABLE_BITS: u32 = 13;

/// An open-addressed table: a lookup per event.
struct Names {
    slots: Vec<Slot>,
    used: usize,
}

impl Names {
    fn new() -> Names {
        let empty = Slot { key: 0, seen: 0, possible: 0, what: What::Op(u8::MAX) };
        Names { slots: vec![empty; 1 << TABLE_BITS], used: 0 }
    }

    /// True if it was not known.
    #[inline]
    fn add(&mut self, what: What, (seen, possible): (u16, u16)) -> bool {
        let key = what.key();
        let mut i = (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - TABLE_BITS)) as usize;
        loop {
            let slot = &mut self.slots[i];
            let new = slot.seen == 0;
            if new {
                self.used += 1;
                assert!(self.used < 1 << (TABLE_BITS - 1), "the table of names is too small");
                *slot = Slot { key, seen: Outcome::Reached.bit(), possible: 0, what };
            }
            if slot.key == key {
                let before = slot.seen;
                slot.seen |= seen;
                slot.possible |= possible;
                return new || slot.seen != before;
            }
            i = (i + 1) % self.slots.len();
        }
    }
}

/// Files every event under its name.
struct Watch {
    tables: [Names; COLUMNS],
    column: usize,
    /// Something was reached first.
    news: bool,
    /// The operations of the program.
    codes: [[u8; OPS_PER_CPU]; CPUS],
    /// As `Runner::lengths`.
    lengths: [[u16; OPS_PER_CPU + 2]; TASKS],
}

impl Watch {
    fn begin(&mut self, program: &Program) {
        self.lengths = [[0; OPS_PER_CPU + 2]; TASKS];
        for (codes, ops) in self.codes.iter_mut().zip(&program.cpus) {
            codes.iter_mut().zip(ops).for_each(|(code, op)| *code = op.code);
        }
    }

    #[inline]
    fn add(&mut self, what: What, outcomes: (u16, u16)) {
        self.news |= self.tables[self.column].add(what, outcomes);
    }

    fn op_end(&mut self, m: &Machine, e: &Event) {
        let (task, op) = (e.task as usize, e.op as usize);
        self.lengths[task][op.min(OPS_PER_CPU + 1)] = m.nth(task) as u16;
        if task < CPUS && op < OPS_PER_CPU {
            let result = match e.aux >> 8 {
                0 => Outcome::Done,
                1 => Outcome::Nothing,
                _ => Outcome::Refused,
            };
            let code = self.codes[task][op];
            self.add(What::Op(code), (result.bit(), results(code)));
        }
    }
}

impl Sink for Watch {
    #[inline]
    fn on(&mut self, m: &Machine, e: &Event) -> bool {
        match e.kind {
            Kind::Note if e.note == Note::OpEnd => self.op_end(m, e),
            Kind::Note | Kind::Barrier => {}
            _ => self.add(What::Site(e.site), outcome(e)),
        }
        false
    }

    fn on_enter(&mut self, func: &'static Name) {
        self.add(What::Func(func), (0, 0));
    }
}

/// What an operation can come to, at least: an open file or a living process may be missing.
fn results(code: u8) -> u16 {
    let args = TABLE.get(code as usize).map_or(&[][..], |o| o.args);
    let missing = args.iter().any(|(_, kind)| matches!(kind, Arg::Mapping | Arg::Process));
    Outcome::Done.bit() | if missing { Outcome::Nothing.bit() } else { 0 }
}

/// The outcome of an access, and those an access of its kind can have. None, none: there is but one.
#[inline]
fn outcome(e: &Event) -> (u16, u16) {
    match (e.kind, e.note) {
        (Kind::RmwFail, _) => either(false, Outcome::Fail, Outcome::Ok),
        (Kind::Rmw, Note::TestAndSetFlag | Note::TestAndClearFlag) => bit(e.old & u64::from(e.aux) != 0),
        (Kind::Rmw, Note::RefPut | Note::RmapRemove) => count(e.new),
        (Kind::Rmw, Note::RefTryGet | Note::RefFreeze | Note::FolioTrylock | Note::FolioHandoff) => success(),
        (Kind::Rmw, Note::PteWrite) if e.aux == PteWrite::Hardware as u32 => success(),
        // Whether it can fail is known once it has.
        (Kind::Rmw, Note::Nothing) => (Outcome::Ok.bit(), Outcome::Ok.bit()),
        (Kind::Lock | Kind::LockShared, Note::TryLock) => success(),
        (Kind::Load, Note::TestFlag) => flag(e),
        (Kind::Load, Note::NonAtomicFlag) => (0, 0),
        (Kind::Load, _) => load(e),
        _ => (0, 0),
    }
}

#[inline]
fn either(second: bool, no: Outcome, yes: Outcome) -> (u16, u16) {
    (if second { yes.bit() } else { no.bit() }, no.bit() | yes.bit())
}

#[inline]
fn success() -> (u16, u16) {
    either(true, Outcome::Fail, Outcome::Ok)
}

#[inline]
fn bit(set: bool) -> (u16, u16) {
    either(set, Outcome::Zero, Outcome::One)
}

#[inline]
fn count(value: u64) -> (u16, u16) {
    either(value != 0, Outcome::Zero, Outcome::Value)
}

#[inline]
fn pointer(word: u64) -> (u16, u16) {
    either(word != 0, Outcome::Null, Outcome::Value)
}

/// A test of one flag, of PG_swapcache, which needs another beside it, or for private data. A look at several is none.
#[inline]
fn flag(e: &Event) -> (u16, u16) {
    const PRIVATE: u64 = PG_PRIVATE | PG_PRIVATE_2;
    const SWAPCACHE: u64 = PG_SWAPCACHE | PG_SWAPBACKED;
    match u64::from(e.aux) {
        PRIVATE => bit(e.old & PRIVATE != 0),
        bits if bits == SWAPCACHE || bits.count_ones() == 1 => bit(e.old & bits == bits),
        _ => (0, 0),
    }
}

fn load(e: &Event) -> (u16, u16) {
    match e.obj.field() {
        Field::FolioMapping if e.site.label.name == "folio_test_anon" => bit(as_anon_mapping(e.old).is_some()),
        Field::FolioMapping
        | Field::Slot
        | Field::PteCell
        | Field::Private
        | Field::VmAnonVma
        | Field::IMmap
        | Field::IMmapNonlinear
        | Field::AvTree
        | Field::LruList
        | Field::Queue => pointer(e.old),
        Field::Refcount if e.site.label.name == "folio_maybe_dma_pinned" => bit(e.old >= GUP_PIN_COUNTING_BIAS),
        Field::Refcount
        | Field::Mapcount
        | Field::MlockCount
        | Field::ISize
        | Field::SwapMap
        | Field::NrPages
        | Field::Marks
        | Field::BufferCount
        | Field::IfsPending
        | Field::LruDisable
        | Field::NrMlock
        | Field::MmUsers
        | Field::HasPinned
        | Field::FBatch => count(e.old),
        Field::SwapUsers => count(e.old & 0xffff_ffff),
        Field::Signal | Field::AvRwsem => bit(e.old != 0),
        Field::AsFlags | Field::BufferState | Field::IfsState => named_bit(e),
        _ => (0, 0),
    }
}

/// A test of a bit that only the primitive's name tells.
fn named_bit(e: &Event) -> (u16, u16) {
    let bits = match e.site.label.name {
        "mapping_unevictable" => AS_UNEVICTABLE,
        "mapping_unmovable" => AS_UNMOVABLE,
        "mapping_exiting" => AS_EXITING,
        "mapping_stable_writes" => AS_STABLE_WRITES,
        "mapping_release_always" => AS_RELEASE_ALWAYS,
        "buffer_uptodate" => BH_UPTODATE,
        "buffer_dirty" | "ifs_dirty" => BH_DIRTY,
        "buffer_busy" => BH_DIRTY | BH_LOCK,
        _ => return (0, 0),
    };
    bit(e.old & bits != 0)
}
