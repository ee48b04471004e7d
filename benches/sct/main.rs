//! Schedules to the first bug of the programs of SCTBench and ConVul: shuttle's own schedulers against strategies of
//! ours, on one runtime, in one run. Run: `cargo bench --bench sct -- [FILTER] [--arms ...] [--seeds N] [--json FILE]`;
//! `docs/BENCHMARKS.md` has what it came to.

#[path = "../harness/mod.rs"]
mod harness;
mod programs;
mod rt;

use foliofuzz::machine::Why;
use foliofuzz::sched::{Any, Asked, Rng, Strategy};
use harness::{Case, Limits, Side, compare, trial};
use programs::PROGRAMS;
use rt::{Chooser, Driver, Ended, Pool, Rt};
use shuttle_engine::scheduler::Scheduler;
use shuttle_schedulers::{PctScheduler, RandomScheduler, UrwRandomScheduler};
use std::mem::ManuallyDrop;

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

/// As many schedules as are asked for.
const ALL: usize = usize::MAX;

/// How a search begins: of which arm, from which seed.
type Make = fn(&str, u64) -> Box<dyn Search>;

/// A strategy by its name in `list scheds`.
const NAMED: Make = |name, seed| {
    let strategy = Any::parse(name).expect("the arms name strategies");
    Box::new(Ours { asked: Asked::new(strategy), rng: Rng::new(seed) })
};

/// Every arm: its name, whose it is, and how a search begins. Small letters are ours.
const ARMS: &[(&str, Side, Make)] = &[
    ("Random", Side::Stock, |_, seed| stock(RandomScheduler::new_from_seed(seed, ALL))),
    ("PCT3", Side::Stock, |_, seed| stock(PctScheduler::new_from_seed(seed, 3, ALL))),
    ("PCT10", Side::Stock, |_, seed| stock(PctScheduler::new_from_seed(seed, 10, ALL))),
    ("URW", Side::Stock, |_, seed| stock(UrwRandomScheduler::new_from_seed(seed, ALL))),
    ("pct:3", Side::Ours, NAMED),
    ("urw", Side::Ours, NAMED),
    ("pos", Side::Ours, NAMED),
    ("surw", Side::Ours, NAMED),
    ("surw:cell", Side::Ours, NAMED),
    ("rf", Side::Ours, NAMED),
    ("race", Side::Ours, NAMED),
    ("mix", Side::Ours, NAMED),
];

fn case(p: &programs::Program) -> Case {
    Case { suite: p.suite.into(), name: p.name.into(), cap: p.cap, published: [p.surw, p.rff] }
}

fn main() {
    let cases: Vec<Case> = PROGRAMS.iter().map(case).collect();
    let arms: Vec<(&str, Side)> = ARMS.iter().map(|a| (a.0, a.1)).collect();
    let mut pool = Pool::new();
    compare(&cases, &arms, |case, arm, seed, limits: Limits| {
        let mut search = ARMS[arm].2(ARMS[arm].0, seed);
        let run = || {
            let ended = search.run(&pool, PROGRAMS[case].run)?;
            Some((ended.is_bug(), rt::steps(), ended == Ended::Limit))
        };
        let (trial, intact) = trial(limits, run);
        if !intact {
            pool = Pool::new();
        }
        trial
    });
}
