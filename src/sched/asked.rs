//! Asks a strategy: the bookkeeping all of them need.

use super::world::{Ask, MAX_TASKS, Needs, Next, Strategy, World};
use super::{Profile, nth_task, tasks};
use crate::machine::{Machine, Sched, Why};

/// Steps of a task in a row during which nobody writes, after which it counts as spinning until somebody does.
const IDLE: u16 = 40;
/// Steps of a task in a row, after which others get a turn.
const STREAK: u32 = 400;
/// Executions of a program whose accesses all enter the profile; of later ones one in [`SAMPLE`].
const PROFILED: u32 = 4;
const SAMPLE: u32 = 8;

/// A strategy with its memory of the program it runs; see [`World`].
pub struct Asked<S> {
    strategy: S,
    profile: Profile,
    needs: Needs,
    /// Whom was chosen last, for which access, and whether it could only go to sleep.
    last: Option<(usize, Next, bool)>,
    /// Accesses that write.
    writes: u32,
    /// For each task `writes` when it ran last, and its steps since.
    idle: [(u32, u16); MAX_TASKS],
    streak: u32,
    /// The choices of the execution.
    path: Vec<u8>,
}

impl<S: Strategy> Asked<S> {
    pub fn new(strategy: S) -> Asked<S> {
        let needs = strategy.needs();
        Asked {
            strategy,
            profile: Profile::default(),
            needs,
            last: None,
            writes: 0,
            idle: [(0, 0); MAX_TASKS],
            streak: 0,
            path: Vec::new(),
        }
    }

    /// The next executions are of another program.
    pub fn load(&mut self) {
        self.profile.clear();
        self.strategy.load();
    }

    /// An execution begins.
    pub fn begin(&mut self, seed: u64) {
        self.last = None;
        self.writes = 0;
        self.idle = [(0, 0); MAX_TASKS];
        self.streak = 0;
        self.path.clear();
        let runs = self.profile.runs();
        let accesses = self.needs == Needs::Accesses && (runs < PROFILED || runs.is_multiple_of(SAMPLE));
        self.profile.begin(accesses);
        self.strategy.begin(seed, &self.profile);
    }

    /// The execution is over; `complete` unless it was cut short.
    pub fn end(&mut self, complete: bool) {
        if self.needs != Needs::Nothing {
            self.profile.end(complete);
        }
        self.strategy.end(&self.profile, complete);
    }

    /// Whether the strategy has run everything it would.
    pub fn exhausted(&self) -> bool {
        self.strategy.exhausted()
    }

    /// The choices of the last execution.
    pub fn path(&self) -> &[u8] {
        &self.path
    }

    pub fn strategy(&self) -> &S {
        &self.strategy
    }

    pub fn strategy_mut(&mut self) -> &mut S {
        &mut self.strategy
    }

    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Chooses one of `runnable`, which is not empty.
    #[inline]
    pub fn pick<W: World>(&mut self, world: &W, why: Why, cur: usize, runnable: u128) -> usize {
        let done = self.made(why);
        if self.needs != Needs::Nothing {
            if let Some((task, next)) = done {
                self.profile.step(world, task, &next);
            }
            self.profile.appeared(runnable, done.map(|d| d.0));
        }
        let (enabled, spinning, asleep) = self.enabled(world, why, cur, runnable);
        let ask = Ask { why, cur, runnable, enabled, spinning, done };
        let task = self.strategy.pick(world, &ask);
        debug_assert!(enabled >> task & 1 != 0, "the strategy chose a task that is not enabled");
        self.streak = if self.last.is_some_and(|l| l.0 == task) { self.streak + 1 } else { 0 };
        self.last = Some((task, world.next(task), asleep));
        self.path.push(task as u8);
        task
    }

    /// The step since the last question.
    #[inline]
    fn made(&mut self, why: Why) -> Option<(usize, Next)> {
        let (task, next, asleep) = self.last?;
        if asleep && why == Why::Blocked {
            return None;
        }
        self.writes += u32::from(next.act.writes());
        let idle = &mut self.idle[task];
        *idle = if idle.0 == self.writes { (idle.0, idle.1.saturating_add(1)) } else { (self.writes, 0) };
        Some((task, next))
    }

    /// Whom to choose from, who is left out for spinning, and whether all of them would only go to sleep.
    #[inline]
    fn enabled<W: World>(&self, world: &W, why: Why, cur: usize, runnable: u128) -> (u128, u128, bool) {
        if runnable & (runnable - 1) == 0 {
            return (runnable, 0, world.would_block(runnable) != 0);
        }
        let awake = runnable & !world.would_block(runnable);
        if awake == 0 {
            return (runnable, 0, true);
        }
        let mut spinning = 0;
        if why == Why::Spin || self.streak >= STREAK {
            spinning = 1 << cur;
        }
        if self.idle[cur].1 >= IDLE {
            spinning = tasks(awake).filter(|t| self.spins(*t)).fold(spinning, |set, t| set | 1 << t);
        }
        match awake & !spinning {
            0 => (awake, 0, false),
            others => (others, spinning & awake, false),
        }
    }

    fn spins(&self, task: usize) -> bool {
        let (writes, steps) = self.idle[task];
        steps >= IDLE && writes == self.writes
    }
}

impl<S: Strategy> Sched for Asked<S> {
    fn start(&mut self, m: &Machine, cpu: usize) -> usize {
        Asked::pick(self, m, Why::Point, cpu, u128::from(m.runnable()))
    }

    #[inline]
    fn pick(&mut self, m: &Machine, why: Why, cur: usize, runnable: u32) -> usize {
        Asked::pick(self, m, why, cur, u128::from(runnable))
    }
}

/// Any task of a set.
#[inline]
pub fn any_task(rng: &mut super::Rng, set: u128) -> usize {
    nth_task(set, rng.below(set.count_ones()))
}
