//! Schedules to the first bug of the programs of SCTBench and ConVul: shuttle's own schedulers against strategies of
//! ours, on one runtime, in one run. Run: `cargo bench --bench sct -- [FILTER] [--arms ...] [--seeds N] [--json FILE]`;
//! `docs/BENCHMARKS.md` has what it came to.

#[path = "../harness/mod.rs"]
mod harness;
mod programs;
mod rt;

use foliofuzz::machine::Why;
use foliofuzz::sched::{Asked, Pos, Rng, Strategy};
use harness::{Case, Limits, Side, Trial, compare, trial};
use programs::PROGRAMS;
use rt::{Chooser, Driver, Ended, Pool, Rt};
use shuttle_engine::scheduler::Scheduler;
use shuttle_schedulers::{PctScheduler, RandomScheduler, UrwRandomScheduler};
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A search: runs one schedule after another.
trait Search {
    /// The next schedule of `program`; `None` if there is none left.
    fn run(&mut self, pool: &Pool, program: fn()) -> Option<Ended>;
}

/// A scheduler of shuttle. Never dropped: one of them prints its seed when it is.
struct Stock<S>(ManuallyDrop<S>);

impl<S: Scheduler> Search for Stock<S> {
    fn run(&mut self, pool: &Pool, program: fn()) -> Option<Ended> {
        pool.run(program, Driver::Engine(&mut *self.0))
    }
}

fn stock<S: Scheduler + 'static>(scheduler: S) -> Box<dyn Search> {
    Box::new(Stock(ManuallyDrop::new(scheduler)))
}

struct Ours<S> {
    asked: Asked<S>,
    rng: Rng,
}

impl<S: Strategy> Chooser for Asked<S> {
    fn pick(&mut self, rt: &Rt, why: Why, cur: usize, runnable: u128) -> usize {
        Asked::pick(self, rt, why, cur, runnable)
    }
}

impl<S: Strategy> Search for Ours<S> {
    fn run(&mut self, pool: &Pool, program: fn()) -> Option<Ended> {
        if self.asked.exhausted() {
            return None;
        }
        self.asked.begin(self.rng.bits());
        let ended = pool.run(program, Driver::Ours(&mut self.asked));
        self.asked.end(ended == Some(Ended::Clean));
        ended
    }
}

fn ours<S: Strategy + 'static>(seed: u64, strategy: S) -> Box<dyn Search> {
    Box::new(Ours { asked: Asked::new(strategy), rng: Rng::new(seed) })
}

/// As many schedules as are asked for.
const ALL: usize = usize::MAX;

/// Every arm: its name, whose it is, and how a search begins from a seed.
const ARMS: &[(&str, Side, fn(u64) -> Box<dyn Search>)] = &[
    ("random", Side::Stock, |seed| stock(RandomScheduler::new_from_seed(seed, ALL))),
    ("pct:3", Side::Stock, |seed| stock(PctScheduler::new_from_seed(seed, 3, ALL))),
    ("pct:10", Side::Stock, |seed| stock(PctScheduler::new_from_seed(seed, 10, ALL))),
    ("urw", Side::Stock, |seed| stock(UrwRandomScheduler::new_from_seed(seed, ALL))),
    ("our pos", Side::Ours, |seed| ours(seed, Pos::new())),
];

fn case(p: &programs::Program) -> Case {
    Case { suite: p.suite.into(), name: p.name.into(), cap: p.cap, published: [p.surw, p.rff] }
}

fn main() {
    let cases: Vec<Case> = PROGRAMS.iter().map(case).collect();
    let arms: Vec<(&str, Side)> = ARMS.iter().map(|a| (a.0, a.1)).collect();
    let mut pool = Pool::new();
    compare(&cases, &arms, |case, arm, seed, limits: Limits| {
        let mut search = ARMS[arm].2(seed);
        let run = || {
            let ended = search.run(&pool, PROGRAMS[case].run)?;
            Some((ended.is_bug(), rt::steps(), ended == Ended::Limit))
        };
        // A scheduler may fail on its own assertions; the stacks of that execution are lost then.
        catch_unwind(AssertUnwindSafe(|| trial(limits, run))).unwrap_or_else(|_| {
            pool = Pool::new();
            Trial { panicked: true, schedules: limits.schedules, ..Trial::default() }
        })
    });
}
