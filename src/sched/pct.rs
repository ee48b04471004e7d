//! Probabilistic concurrency testing: the task with the highest of random priorities runs; at a few random points the
//! one that would run falls behind all others. Most executions count only the points before accesses that others are
//! known to race with.

use super::profile::CellSet;
use super::world::{Ask, MAX_TASKS, Strategy, World};
use super::{Profile, Rng, tasks};

/// Change points of one execution, at most.
const MOST: usize = 64;
/// Points at which a choice is taken to exist, while nothing is known of the program.
const UNKNOWN: u32 = 50;

/// See the module's description.
pub struct Pct {
    rng: Rng,
    /// The number of ordering constraints of a bug it looks for: one more than there are change points.
    depth: u32,
    /// Above [`LOW`] until the task has fallen behind.
    priorities: [u32; MAX_TASKS],
    drawn: u128,
    /// Change points, by the number of choices before them, with the priority the running task falls to.
    changes: [(u32, u32); MOST],
    nr_changes: usize,
    /// Choices so far, and those of them at which the task that would run is about to make a racing access.
    choices: [u32; 2],
    /// As many as there were in the last complete execution.
    expected: [u32; 2],
    /// Which of the two the change points count.
    racing: bool,
    shared: CellSet,
    /// The priority of the next task that spins: below all others.
    lowest: u32,
}

/// What a task falls to at the change points is within `MOST` of this; what spinners fall to is below.
const LOW: u32 = 1 << 30;

impl Pct {
    pub fn new(depth: u32) -> Pct {
        Pct {
            rng: Rng::new(0),
            depth,
            priorities: [0; MAX_TASKS],
            drawn: 0,
            changes: [(0, 0); MOST],
            nr_changes: 0,
            choices: [0; 2],
            expected: [UNKNOWN, 0],
            racing: false,
            shared: CellSet::default(),
            lowest: LOW,
        }
    }

    fn highest(&mut self, enabled: u128) -> usize {
        for task in tasks(enabled & !self.drawn) {
            self.priorities[task] = 2 * LOW + (self.rng.bits() >> 34) as u32;
        }
        self.drawn |= enabled;
        let (mut best, mut top) = (enabled.trailing_zeros() as usize, 0);
        for task in tasks(enabled) {
            if self.priorities[task] > top {
                (best, top) = (task, self.priorities[task]);
            }
        }
        best
    }

    fn fall(&mut self, task: usize, priority: u32) {
        self.priorities[task] = priority;
        self.drawn |= 1 << task;
    }
}

impl Strategy for Pct {
    fn begin(&mut self, seed: u64, profile: &Profile) {
        self.rng = Rng::new(seed);
        self.drawn = 0;
        self.choices = [0; 2];
        self.lowest = LOW;
        self.shared.clear();
        profile.shared().iter().for_each(|n| self.shared.insert(profile.cells()[*n as usize].cell));
        self.racing = !profile.shared().is_empty() && self.expected[1] > 0 && !self.rng.one_in(4);
        let choices = self.expected[usize::from(self.racing)];
        // A change at every point is no choice at all: one at every other, in short programs.
        let most = (choices / 2).max(1).min(MOST as u32);
        self.nr_changes = (self.depth - 1).min(most) as usize;
        for i in 0..self.nr_changes {
            self.changes[i] = (self.rng.below(choices), LOW + 1 + i as u32);
        }
    }

    fn pick<W: World>(&mut self, world: &W, ask: &Ask) -> usize {
        for task in tasks(ask.spinning) {
            self.lowest -= 1;
            self.fall(task, self.lowest);
        }
        let best = self.highest(ask.enabled);
        if ask.enabled & (ask.enabled - 1) == 0 {
            return best;
        }
        let races = self.shared.has(world.next(best).cell);
        let now = self.choices;
        self.choices = [now[0] + 1, now[1] + u32::from(races)];
        if self.racing && !races {
            return best;
        }
        let now = now[usize::from(self.racing)];
        let mut changed = false;
        for i in 0..self.nr_changes {
            let (at, priority) = self.changes[i];
            if at == now {
                self.fall(best, priority);
                changed = true;
            }
        }
        if changed { self.highest(ask.enabled) } else { best }
    }

    fn end(&mut self, _: &Profile, complete: bool) {
        if complete || self.choices[0] > self.expected[0] {
            self.expected = self.choices;
        }
    }

    fn load(&mut self) {
        self.expected = [UNKNOWN, 0];
    }

    fn needs(&self) -> super::Needs {
        super::Needs::Accesses
    }
}
