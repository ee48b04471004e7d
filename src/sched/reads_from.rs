//! Reads-from constraints: which write, of which site, the read at some site sees, or does not see.
//!
//! A few constraints are drawn for each execution, from the pairs the program has shown and from those it might show.
//! An access that would meet one is taken at once, one that would break one is put off; among the rest, partial order
//! sampling decides. Sites are static, so that a constraint says the same of every equal thread. Sets of constraints
//! under which a read has seen a write for the first time are kept, and varied in later executions.

use super::pos::Priorities;
use super::profile::Table;
use super::world::{Ask, Next, Strategy, World};
use super::{Needs, Profile, Rng, tasks};

/// Constraints of one execution, at most.
const MOST: usize = 6;
/// Sets that are kept, and pairs that are remembered.
const SETS: usize = 32;
const PAIRS: usize = 4096;
/// The site of the write nobody has made: the read sees the cell as it was at the start.
const INITIAL: u32 = 0;

/// "A read at `read` sees what was written at `write`", or, `negative`, does not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Constraint {
    write: u32,
    read: u32,
    negative: bool,
    /// A cell where it may be met.
    cell: u32,
}

#[derive(Clone, Copy, Default)]
struct Set {
    of: [Option<Constraint>; MOST],
    len: usize,
}

impl Set {
    fn push(&mut self, c: Constraint) {
        let known = self.of[..self.len].iter().flatten().any(|d| (d.write, d.read) == (c.write, c.read));
        if self.len < MOST && !known {
            self.of[self.len] = Some(c);
            self.len += 1;
        }
    }

    fn remove(&mut self, i: usize) {
        self.of.copy_within(i + 1..self.len, i);
        self.len -= 1;
    }

    fn iter(&self) -> impl Iterator<Item = (usize, Constraint)> {
        self.of[..self.len].iter().flatten().copied().enumerate()
    }
}

/// The last write of a cell, in the execution with this number.
#[derive(Clone, Copy)]
struct Written {
    execution: u32,
    site: u32,
    task: u8,
}

/// What to do with an access.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Band {
    Avoid,
    Neutral,
    Take,
}

/// See the module's description.
pub struct ReadsFrom {
    rng: Rng,
    /// Constraints drawn anew for an execution, at most.
    most: u32,
    set: Set,
    /// Constraints of the set that have been met.
    met: u32,
    sets: Vec<Set>,
    cells: Table,
    written: Vec<Written>,
    execution: u32,
    /// Pairs seen: read and write.
    seen: Table,
    pairs: Vec<(u32, u32, u32)>,
    new_pairs: bool,
    priorities: Priorities,
    /// Times an access may still be put off in this execution.
    patience: u32,
}

impl ReadsFrom {
    /// `most` constraints, from 1, are drawn anew for an execution.
    pub fn new(most: u32) -> ReadsFrom {
        ReadsFrom {
            rng: Rng::new(0),
            most,
            set: Set::default(),
            met: 0,
            sets: Vec::new(),
            cells: Table::default(),
            written: Vec::new(),
            execution: 0,
            seen: Table::default(),
            pairs: Vec::new(),
            new_pairs: false,
            priorities: Priorities::default(),
            patience: 0,
        }
    }

    /// Who wrote a cell last in this execution: site and task.
    #[inline]
    fn last_write(&self, cell: u32) -> (u32, Option<usize>) {
        let written = self.cells.get(u64::from(cell)).map(|i| self.written[i as usize]);
        match written.filter(|w| w.execution == self.execution) {
            Some(w) => (w.site, Some(w.task as usize)),
            None => (INITIAL, None),
        }
    }

    /// Notes an access that has been made.
    #[inline]
    fn made(&mut self, task: usize, made: &Next) {
        if made.cell == u32::MAX {
            return;
        }
        if made.act.reads() {
            let (site, writer) = self.last_write(made.cell);
            if writer != Some(task) {
                self.saw(made, site);
            }
        }
        if made.act.writes() {
            let new = Written { execution: self.execution, site: made.site, task: task as u8 };
            let number = self.cells.number(u64::from(made.cell), self.written.len() as u32) as usize;
            match self.written.get_mut(number) {
                Some(written) => *written = new,
                None => self.written.push(new),
            }
        }
    }

    /// The read `made` saw the write at `site`, of another task.
    fn saw(&mut self, made: &Next, site: u32) {
        for (i, c) in self.set.iter() {
            if !c.negative && (c.write, c.read) == (site, made.site) {
                self.met |= 1 << i;
            }
        }
        let number = self.pairs.len() as u32;
        let key = u64::from(site) << 32 | u64::from(made.site);
        if self.pairs.len() < PAIRS && self.seen.number(key, number) == number {
            self.pairs.push((site, made.site, made.cell));
            self.new_pairs = true;
        }
    }

    fn is_seen(&self, write: u32, read: u32) -> bool {
        self.seen.get(u64::from(write) << 32 | u64::from(read)).is_some()
    }

    /// A constraint from a pair that has been seen, or might be.
    fn draw(&mut self, profile: &Profile) -> Option<Constraint> {
        if !self.pairs.is_empty() && self.rng.one_in(2) {
            let (write, read, cell) = self.pairs[self.rng.below(self.pairs.len() as u32) as usize];
            return Some(Constraint { write, read, cell, negative: self.rng.one_in(2) });
        }
        let shared = profile.shared();
        let number = *shared.get(self.rng.below(shared.len() as u32) as usize)?;
        let cell = &profile.cells()[number as usize];
        let (reads, writes) = (
            profile.accesses(cell).filter(|a| a.reads).count() as u32,
            profile.accesses(cell).filter(|a| a.writes).count() as u32,
        );
        let read = profile.accesses(cell).filter(|a| a.reads).nth(self.rng.below(reads) as usize)?;
        let write = match self.rng.below(writes + 1) {
            n if n == writes => INITIAL,
            n => {
                let write = profile.accesses(cell).filter(|a| a.writes).nth(n as usize)?;
                let both = read.tasks | write.tasks;
                if both & (both - 1) == 0 {
                    return None;
                }
                write.site
            }
        };
        let negative = self.is_seen(write, read.site) && self.rng.one_in(2);
        Some(Constraint { write, read: read.site, negative, cell: cell.cell })
    }

    /// Draws the constraints of an execution.
    fn vary(&mut self, profile: &Profile) {
        self.set = Set::default();
        if !self.sets.is_empty() && self.rng.one_in(2) {
            self.set = self.sets[self.rng.below(self.sets.len() as u32) as usize];
        }
        for _ in 0..1 + self.rng.below(self.most) {
            let at = self.rng.below(self.set.len as u32) as usize;
            match self.rng.below(4) {
                0 if self.set.len > 0 => self.set.remove(at),
                1 if self.set.len > 0 => {
                    if let Some(c) = &mut self.set.of[at] {
                        c.negative = !c.negative;
                    }
                }
                _ => {
                    if let Some(c) = self.draw(profile) {
                        self.set.push(c);
                    }
                }
            }
        }
    }

    /// Whether another task is about to read at `read` from `cell`.
    fn is_awaited<W: World>(&self, world: &W, ask: &Ask, task: usize, read: u32, cell: u32) -> bool {
        tasks(ask.runnable & !(1 << task)).any(|t| {
            let next = world.next(t);
            next.site == read && next.cell == cell && next.act.reads()
        })
    }

    fn judge<W: World>(&self, world: &W, ask: &Ask, task: usize, c: &Constraint) -> Band {
        let next = world.next(task);
        let reads = next.act.reads() && next.site == c.read;
        let writes = next.act.writes() && next.site == c.write;
        if !reads && !next.act.writes() {
            return Band::Neutral;
        }
        let (site, writer) = self.last_write(next.cell);
        let there = site == c.write && writer != Some(task);
        match (reads, c.negative) {
            (true, false) if there => Band::Take,
            // On another cell than it was seen on, nothing may ever be written: it would wait in vain.
            (true, false) if c.write == INITIAL => Band::Neutral,
            (true, false) => Band::Avoid,
            (true, true) => {
                if there {
                    Band::Avoid
                } else {
                    Band::Neutral
                }
            }
            (false, _) if writes && self.is_awaited(world, ask, task, c.read, next.cell) => {
                if c.negative {
                    Band::Avoid
                } else {
                    Band::Take
                }
            }
            // What is to be read would be overwritten.
            (false, false) if !writes && site == c.write && (writer.is_some() || next.cell == c.cell) => Band::Avoid,
            _ => Band::Neutral,
        }
    }

    fn band<W: World>(&self, world: &W, ask: &Ask, task: usize) -> Band {
        let mut band = Band::Neutral;
        for (i, c) in self.set.iter() {
            if self.met >> i & 1 == 0 {
                match self.judge(world, ask, task, &c) {
                    Band::Avoid => return Band::Avoid,
                    judged => band = band.max(judged),
                }
            }
        }
        band
    }
}

impl Strategy for ReadsFrom {
    fn begin(&mut self, seed: u64, profile: &Profile) {
        self.rng = Rng::new(seed);
        let kept = self.rng.one_in(2);
        self.priorities.begin(kept);
        self.execution += 1;
        self.met = 0;
        self.new_pairs = false;
        self.patience = 64 + 2 * tasks(profile.known()).map(|t| profile.points(t)).sum::<u32>();
        self.vary(profile);
    }

    fn pick<W: World>(&mut self, world: &W, ask: &Ask) -> usize {
        if let Some((task, made)) = ask.done {
            self.made(task, &made);
        }
        self.priorities.done(world, ask);
        if self.set.len == 0 || ask.enabled & (ask.enabled - 1) == 0 {
            return self.priorities.highest(world, &mut self.rng, ask.enabled);
        }
        let (mut best, mut top) = (Band::Avoid, 0u128);
        for task in tasks(ask.enabled) {
            let band = self.band(world, ask, task);
            if band > best {
                (best, top) = (band, 0);
            }
            if band == best {
                top |= 1 << task;
            }
        }
        if top != ask.enabled {
            // Whoever waits for what is put off must not wait for ever.
            self.patience -= 1;
            if self.patience == 0 {
                self.set.len = 0;
            }
        }
        self.priorities.highest(world, &mut self.rng, top)
    }

    fn end(&mut self, _: &Profile, _: bool) {
        if self.new_pairs && self.set.len > 0 {
            if self.sets.len() < SETS {
                self.sets.push(self.set);
            } else {
                self.sets[self.execution as usize % SETS] = self.set;
            }
        }
    }

    fn load(&mut self) {
        self.execution = 0;
        self.sets.clear();
        self.cells.clear();
        self.written.clear();
        self.seen.clear();
        self.pairs.clear();
    }

    fn needs(&self) -> Needs {
        Needs::Accesses
    }
}
