//! Race-directed: a task is stopped just before one of its racing accesses; the others run, each for as long as it can,
//! until one has made an access that conflicts, or until none can go on.
//!
//! Cells alike, however often they are accessed: what is only accessed here and there races as well.

use super::pos::Priorities;
use super::world::{Act, Ask, Next, Strategy, World};
use super::{Needs, Profile, Rng, nth_task, tasks};

/// Stops of one execution, at most.
const MOST: usize = 8;

/// "`task` stops before the access of `cell` that comes after `before` others of its own."
#[derive(Clone, Copy)]
struct Stop {
    task: usize,
    cell: u32,
    before: u32,
    /// Goes on as soon as there was a conflict.
    near: bool,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Ahead,
    /// The task waits.
    Here,
    Over,
}

const NONE: Stop = Stop { task: 0, cell: 0, before: 0, near: false, state: State::Over };

/// See the module's description.
pub struct Race {
    rng: Rng,
    most: u32,
    stops: [Stop; MOST],
    len: usize,
    priorities: Priorities,
    patience: u32,
}

impl Race {
    /// `most` tasks are stopped, from 1.
    pub fn new(most: u32) -> Race {
        let priorities = Priorities::default();
        Race { rng: Rng::new(0), most: most.min(MOST as u32), stops: [NONE; MOST], len: 0, priorities, patience: 0 }
    }

    fn draw(&mut self, profile: &Profile) -> Option<Stop> {
        let shared = profile.shared();
        let number = *shared.get(self.rng.below(shared.len() as u32) as usize)?;
        let cell = &profile.cells()[number as usize];
        let task = nth_task(cell.tasks, self.rng.below(cell.tasks.count_ones()));
        let before = self.rng.below(profile.count(number, task));
        let near = self.rng.one_in(2);
        Some(Stop { task, cell: cell.cell, before, near, state: State::Ahead })
    }

    /// Notes what has been done.
    fn made(&mut self, task: usize, made: &Next) {
        for stop in &mut self.stops[..self.len] {
            if stop.cell != made.cell || stop.state == State::Over {
                continue;
            }
            if stop.task == task {
                match stop.before.checked_sub(1) {
                    Some(before) => stop.before = before,
                    None => stop.state = State::Over,
                }
            } else if stop.state == State::Here && stop.near && made.act.writes() && made.act != Act::Lock {
                stop.state = State::Over;
                self.priorities.raise(stop.task);
            }
        }
    }

    /// Those of `enabled` that are not stopped.
    fn allowed<W: World>(&mut self, world: &W, enabled: u128) -> u128 {
        let mut allowed = enabled;
        for stop in &mut self.stops[..self.len] {
            if stop.state == State::Ahead && stop.before == 0 && enabled >> stop.task & 1 != 0 {
                let here = world.next(stop.task).cell == stop.cell;
                stop.state = if here { State::Here } else { State::Ahead };
            }
            if stop.state == State::Here {
                allowed &= !(1 << stop.task);
            }
        }
        if allowed != 0 && self.patience > 0 {
            self.patience -= u32::from(allowed != enabled);
            return allowed;
        }
        // Nobody else can go on: who has waited longest does.
        for stop in &mut self.stops[..self.len] {
            if stop.state == State::Here && enabled >> stop.task & 1 != 0 {
                stop.state = State::Over;
                return 1 << stop.task;
            }
        }
        enabled
    }
}

impl Strategy for Race {
    fn begin(&mut self, seed: u64, profile: &Profile) {
        self.rng = Rng::new(seed);
        self.priorities.begin(true);
        self.len = 0;
        for _ in 0..1 + self.rng.below(self.most) {
            if let Some(stop) = self.draw(profile) {
                self.stops[self.len] = stop;
                self.len += 1;
            }
        }
        if self.len > 0 && !self.rng.one_in(4) {
            self.priorities.raise(self.stops[0].task);
        }
        let points: u32 = tasks(profile.known()).map(|t| profile.points(t)).sum();
        self.patience = 64 + 2 * points.min(1 << 20);
    }

    fn pick<W: World>(&mut self, world: &W, ask: &Ask) -> usize {
        self.priorities.done(world, ask);
        if let Some((task, made)) = ask.done {
            self.made(task, &made);
        }
        let allowed = self.allowed(world, ask.enabled);
        self.priorities.highest(world, &mut self.rng, allowed)
    }

    fn needs(&self) -> Needs {
        Needs::Accesses
    }
}
