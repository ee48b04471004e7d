//! Partial order sampling: a random priority for each pending access, drawn anew when a racing one has been made.

use super::world::{Ask, MAX_TASKS, Next, Strategy, World};
use super::{Profile, Rng, tasks};

/// Random priorities of what the tasks are about to do.
pub(super) struct Priorities {
    of: [u32; MAX_TASKS],
    /// A task keeps its priority, whatever it does: it runs on for as long as it can.
    kept: bool,
    /// Tasks that have one.
    drawn: u128,
}

impl Default for Priorities {
    fn default() -> Priorities {
        Priorities { of: [0; MAX_TASKS], kept: false, drawn: 0 }
    }
}

impl Priorities {
    /// With `kept`, the priorities are those of the tasks.
    pub fn begin(&mut self, kept: bool) {
        self.kept = kept;
        self.drawn = 0;
    }

    /// Forgets the priority of the access that has been made, and of those it raced with.
    #[inline]
    pub fn done<W: World>(&mut self, world: &W, ask: &Ask) {
        if self.kept {
            self.drawn &= !ask.spinning;
            return;
        }
        self.drawn &= !(1 << ask.cur);
        let Some((task, made)) = ask.done else { return };
        self.drawn &= !(1 << task);
        if made.cell != u32::MAX {
            for other in tasks(self.drawn) {
                if made.races(&world.next(other)) {
                    self.drawn &= !(1 << other);
                }
            }
        }
    }

    /// From now on `task` comes before all others.
    pub fn raise(&mut self, task: usize) {
        self.drawn |= 1 << task;
        self.of[task] = u32::MAX;
    }

    #[inline]
    pub fn get(&mut self, rng: &mut Rng, task: usize) -> u32 {
        if self.drawn >> task & 1 == 0 {
            self.drawn |= 1 << task;
            self.of[task] = (rng.bits() >> 32) as u32;
        }
        self.of[task]
    }

    /// The task of `set` whose access has the highest. A step without an access commutes with every other: it is made
    /// first, so that only accesses compete.
    #[inline]
    pub fn highest<W: World>(&mut self, world: &W, rng: &mut Rng, set: u128) -> usize {
        let (mut best, mut top) = (set.trailing_zeros() as usize, 0);
        if set & (set - 1) == 0 {
            return best;
        }
        if !self.kept
            && let Some(quiet) = tasks(set).find(|t| world.next(*t) == Next::NONE)
        {
            return quiet;
        }
        for task in tasks(set) {
            let priority = self.get(rng, task);
            if priority > top {
                (best, top) = (task, priority);
            }
        }
        best
    }
}

/// See the module's description.
pub struct Pos {
    rng: Rng,
    priorities: Priorities,
}

impl Pos {
    #[allow(clippy::new_without_default)] // a strategy is made once, by name
    pub fn new() -> Pos {
        Pos { rng: Rng::new(0), priorities: Priorities::default() }
    }
}

impl Strategy for Pos {
    fn begin(&mut self, seed: u64, _: &Profile) {
        self.rng = Rng::new(seed);
        self.priorities.begin(false);
    }

    #[inline]
    fn pick<W: World>(&mut self, world: &W, ask: &Ask) -> usize {
        self.priorities.done(world, ask);
        self.priorities.highest(world, &mut self.rng, ask.enabled)
    }
}
