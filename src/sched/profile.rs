//! What the executions of a program so far have shown: how long each task is, and what it accesses where.

use super::tasks;
use super::world::{MAX_TASKS, Next, World};

/// A mean that follows slow changes, in sixteenths.
#[derive(Clone, Copy, Default, Debug)]
struct Mean(u32);

impl Mean {
    fn add(&mut self, x: u32, first: bool) {
        let x = x.saturating_mul(16);
        self.0 = if first { x } else { (self.0 - self.0 / 4).saturating_add(x / 4) };
    }

    /// An execution that was cut short shows only how long it is at least.
    fn at_least(&mut self, x: u32) {
        self.0 = self.0.max(x.saturating_mul(16));
    }

    fn get(self) -> u32 {
        (self.0 + 8) / 16
    }
}

/// A cell, and who accesses it.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    pub cell: u32,
    pub object: u32,
    pub tasks: u128,
    pub writers: u128,
    pub is_lock: bool,
    /// The last of its accesses, in [`Profile::accesses`].
    last: u32,
}

impl Cell {
    /// Whether two tasks access it, one of them writing.
    pub fn is_shared(&self) -> bool {
        self.writers != 0 && self.tasks & (self.tasks - 1) != 0
    }
}

/// The accesses of one cell at one site.
#[derive(Clone, Copy, Debug)]
pub struct Access {
    pub site: u32,
    pub reads: bool,
    pub writes: bool,
    pub tasks: u128,
    /// The access of the same cell before it.
    before: u32,
}

/// How often a task accesses a cell.
#[derive(Clone, Copy, Default)]
struct Count {
    mean: Mean,
    now: u32,
    runs: u32,
}

const NONE: u32 = u32::MAX;

/// Numbers for keys. Grows, and keeps its memory.
#[derive(Default)]
pub(super) struct Table {
    slots: Vec<(u64, u32)>,
    len: usize,
}

const FREE: u64 = u64::MAX;

impl Table {
    pub(super) fn clear(&mut self) {
        if self.len != 0 {
            self.slots.fill((FREE, 0));
            self.len = 0;
        }
    }

    fn slot(&self, key: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut i = (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize & mask;
        while self.slots[i].0 != key && self.slots[i].0 != FREE {
            i = (i + 1) & mask;
        }
        i
    }

    pub(super) fn get(&self, key: u64) -> Option<u32> {
        if self.len == 0 {
            return None;
        }
        let (found, value) = self.slots[self.slot(key)];
        (found == key).then_some(value)
    }

    /// The number of `key`; `new` if it had none.
    pub(super) fn number(&mut self, key: u64, new: u32) -> u32 {
        if self.slots.len() < 2 * (self.len + 1) {
            self.grow();
        }
        let i = self.slot(key);
        if self.slots[i].0 == FREE {
            self.slots[i] = (key, new);
            self.len += 1;
        }
        self.slots[i].1
    }

    #[cold]
    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(64);
        let old = std::mem::replace(&mut self.slots, vec![(FREE, 0); size]);
        for entry in old.into_iter().filter(|e| e.0 != FREE) {
            let i = self.slot(entry.0);
            self.slots[i] = entry;
        }
    }
}

/// A set of cells that may hold a few more than were put in.
pub(super) struct CellSet([u64; 64]);

impl Default for CellSet {
    fn default() -> CellSet {
        CellSet([0; 64])
    }
}

impl CellSet {
    pub fn clear(&mut self) {
        self.0 = [0; 64];
    }

    pub fn insert(&mut self, cell: u32) {
        let (word, bit) = CellSet::place(cell);
        self.0[word] |= bit;
    }

    #[inline]
    pub fn has(&self, cell: u32) -> bool {
        let (word, bit) = CellSet::place(cell);
        self.0[word] & bit != 0
    }

    #[inline]
    fn place(cell: u32) -> (usize, u64) {
        let at = cell.wrapping_mul(0x9E37_79B1) >> 20;
        ((at >> 6) as usize, 1 << (at & 63))
    }
}

/// See the module's description. Kept and cleared between programs.
pub struct Profile {
    runs: u32,
    complete: u32,
    points: [Mean; MAX_TASKS],
    points_now: [u32; MAX_TASKS],
    choices: Mean,
    choices_now: u32,
    /// Tasks that have appeared in this execution, and ever.
    appeared: u128,
    known: u128,
    /// Who made each task appear.
    parents: [u8; MAX_TASKS],
    /// Whether the accesses of this execution are kept.
    watching: bool,
    cells: Vec<Cell>,
    cell_numbers: Table,
    accesses: Vec<Access>,
    access_numbers: Table,
    counts: Vec<Count>,
    count_numbers: Table,
    /// Numbers of the shared cells.
    shared: Vec<u32>,
}

impl Default for Profile {
    fn default() -> Profile {
        Profile {
            runs: 0,
            complete: 0,
            points: [Mean(0); MAX_TASKS],
            points_now: [0; MAX_TASKS],
            choices: Mean(0),
            choices_now: 0,
            appeared: 0,
            known: 0,
            parents: [0; MAX_TASKS],
            watching: false,
            cells: Vec::new(),
            cell_numbers: Table::default(),
            accesses: Vec::new(),
            access_numbers: Table::default(),
            counts: Vec::new(),
            count_numbers: Table::default(),
            shared: Vec::new(),
        }
    }
}

impl Profile {
    pub(super) fn clear(&mut self) {
        self.runs = 0;
        self.complete = 0;
        self.points = [Mean(0); MAX_TASKS];
        self.choices = Mean(0);
        self.known = 0;
        self.cells.clear();
        self.cell_numbers.clear();
        self.accesses.clear();
        self.access_numbers.clear();
        self.counts.clear();
        self.count_numbers.clear();
        self.shared.clear();
    }

    pub(super) fn begin(&mut self, watching: bool) {
        self.points_now = [0; MAX_TASKS];
        self.choices_now = 0;
        self.appeared = 0;
        self.watching = watching;
    }

    /// Tasks of `runnable` that are new were made by `parent`.
    #[inline]
    pub(super) fn appeared(&mut self, runnable: u128, parent: Option<usize>) {
        self.choices_now += u32::from(runnable & (runnable - 1) != 0);
        let new = runnable & !self.appeared;
        if new != 0 {
            for task in tasks(new & !self.known) {
                self.parents[task] = parent.unwrap_or(task) as u8;
            }
            self.appeared |= new;
            self.known |= new;
        }
    }

    #[inline]
    pub(super) fn step<W: World>(&mut self, world: &W, task: usize, next: &Next) {
        self.points_now[task] += 1;
        if self.watching && next.cell != u32::MAX {
            self.access(world, task, next);
        }
    }

    fn access<W: World>(&mut self, world: &W, task: usize, next: &Next) {
        let number = self.cell_numbers.number(u64::from(next.cell), self.cells.len() as u32);
        if number as usize == self.cells.len() {
            let object = world.object(next.cell);
            self.cells.push(Cell { cell: next.cell, object, tasks: 0, writers: 0, is_lock: false, last: NONE });
        }
        let cell = &mut self.cells[number as usize];
        cell.tasks |= 1 << task;
        cell.writers |= u128::from(next.act.writes()) << task;
        cell.is_lock |= next.act.is_lock();
        let key = u64::from(number) << 32 | u64::from(next.site);
        let at = self.access_numbers.number(key, self.accesses.len() as u32);
        if at as usize == self.accesses.len() {
            let before = std::mem::replace(&mut cell.last, at);
            self.accesses.push(Access { site: next.site, reads: false, writes: false, tasks: 0, before });
        }
        let access = &mut self.accesses[at as usize];
        access.tasks |= 1 << task;
        access.reads |= next.act.reads();
        access.writes |= next.act.writes();
        let count = self.count_numbers.number(u64::from(number) << 8 | task as u64, self.counts.len() as u32);
        if count as usize == self.counts.len() {
            self.counts.push(Count::default());
        }
        self.counts[count as usize].now += 1;
    }

    pub(super) fn end(&mut self, complete: bool) {
        self.runs += 1;
        let first = complete && self.complete == 0;
        self.complete += u32::from(complete);
        for task in tasks(self.known) {
            let (mean, now) = (&mut self.points[task], self.points_now[task]);
            if complete { mean.add(now, first) } else { mean.at_least(now) }
        }
        if complete {
            self.choices.add(self.choices_now, first);
        } else {
            self.choices.at_least(self.choices_now);
        }
        if self.watching {
            self.end_of_accesses(complete);
        }
    }

    fn end_of_accesses(&mut self, complete: bool) {
        for count in &mut self.counts {
            let now = std::mem::take(&mut count.now);
            if complete {
                count.mean.add(now, count.runs == 0);
                count.runs += 1;
            } else {
                count.mean.at_least(now);
            }
        }
        self.shared.clear();
        self.shared.extend((0..self.cells.len() as u32).filter(|i| self.cells[*i as usize].is_shared()));
    }

    /// Executions of the program.
    pub fn runs(&self) -> u32 {
        self.runs
    }

    /// Tasks that have ever been there.
    pub fn known(&self) -> u128 {
        self.known
    }

    /// Points a task passes, about.
    pub fn points(&self, task: usize) -> u32 {
        self.points[task].get()
    }

    /// Points of an execution at which more than one task can run, about.
    pub fn choices(&self) -> u32 {
        self.choices.get()
    }

    /// The task that was running when `task` first appeared; `task` itself for those that were there from the start.
    pub fn parent(&self, task: usize) -> usize {
        self.parents[task] as usize
    }

    /// Every cell known.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// Numbers, in [`Profile::cells`], of those that two tasks access, one of them writing.
    pub fn shared(&self) -> &[u32] {
        &self.shared
    }

    /// Times `task` accesses the `number`-th cell, about.
    pub fn count(&self, number: u32, task: usize) -> u32 {
        let at = self.count_numbers.get(u64::from(number) << 8 | task as u64);
        at.map_or(0, |at| self.counts[at as usize].mean.get())
    }

    /// The accesses of a cell, by site.
    pub fn accesses(&self, cell: &Cell) -> impl Iterator<Item = &Access> + Clone {
        let mut at = cell.last;
        std::iter::from_fn(move || {
            let access = self.accesses.get(at as usize)?;
            at = access.before;
            Some(access)
        })
    }
}
