//! Uniform random walk: each task is chosen with a probability proportional to the points it has left, so that every
//! interleaving of tasks that never wait is as likely.

use super::world::{Ask, MAX_TASKS, Strategy, World};
use super::{Needs, Profile, Rng, nth_task, tasks};

/// What of each task is left to run.
pub(super) struct Remaining {
    /// Its own, and that of the tasks it has yet to make.
    left: [u32; MAX_TASKS],
    /// What each is reckoned with until it appears.
    whole: [u32; MAX_TASKS],
    parents: [u8; MAX_TASKS],
    appeared: u128,
}

impl Default for Remaining {
    fn default() -> Remaining {
        let none = [0; MAX_TASKS];
        Remaining { left: none, whole: none, parents: [0; MAX_TASKS], appeared: 0 }
    }
}

impl Remaining {
    /// `count` is how many events of a task are to be expected.
    pub fn begin(&mut self, profile: &Profile, count: impl Fn(usize) -> u32) {
        self.left = [0; MAX_TASKS];
        self.whole = [0; MAX_TASKS];
        self.appeared = 0;
        for task in tasks(profile.known()) {
            let own = count(task);
            self.parents[task] = profile.parent(task) as u8;
            // Whoever makes the task is heavier by it; so are those who make the maker.
            let mut at = task;
            for _ in 0..MAX_TASKS {
                self.whole[at] = self.whole[at].saturating_add(own);
                let parent = profile.parent(at);
                if parent == at {
                    break;
                }
                at = parent;
            }
        }
    }

    /// Tasks that have appeared are no longer reckoned with their makers.
    #[inline]
    pub fn appear(&mut self, runnable: u128) {
        let new = runnable & !self.appeared;
        if new != 0 {
            self.appeared |= new;
            for task in tasks(new) {
                self.left[task] = self.whole[task];
                let parent = self.parents[task] as usize;
                if parent != task && self.appeared >> parent & 1 != 0 {
                    self.left[parent] = self.left[parent].saturating_sub(self.whole[task]);
                }
            }
        }
    }

    #[inline]
    pub fn made(&mut self, task: usize) {
        self.left[task] = self.left[task].saturating_sub(1);
    }

    /// What is left of a task that can run: never nothing.
    #[inline]
    pub fn of(&self, task: usize) -> u32 {
        self.left[task].max(1)
    }
}

/// One of `set`, by weight; evenly if none has any.
#[inline]
pub(super) fn weighted(rng: &mut Rng, set: u128, weight: impl Fn(usize) -> u32) -> usize {
    if set & (set - 1) == 0 {
        return set.trailing_zeros() as usize;
    }
    let total = tasks(set).map(&weight).fold(0, u32::saturating_add);
    if total == 0 {
        return nth_task(set, rng.below(set.count_ones()));
    }
    let mut at = rng.below(total);
    for task in tasks(set) {
        match at.checked_sub(weight(task)) {
            Some(rest) => at = rest,
            None => return task,
        }
    }
    set.trailing_zeros() as usize
}

/// See the module's description.
pub struct Urw {
    rng: Rng,
    remaining: Remaining,
}

impl Urw {
    #[allow(clippy::new_without_default)] // a strategy is made once, by name
    pub fn new() -> Urw {
        Urw { rng: Rng::new(0), remaining: Remaining::default() }
    }
}

impl Strategy for Urw {
    fn begin(&mut self, seed: u64, profile: &Profile) {
        self.rng = Rng::new(seed);
        // No task is done before it says so.
        self.remaining.begin(profile, |task| profile.points(task).max(1));
    }

    #[inline]
    fn pick<W: World>(&mut self, _: &W, ask: &Ask) -> usize {
        self.remaining.appear(ask.runnable);
        if let Some((task, _)) = ask.done {
            self.remaining.made(task);
        }
        weighted(&mut self.rng, ask.enabled, |task| self.remaining.of(task))
    }

    fn needs(&self) -> Needs {
        Needs::Points
    }
}
