//! Schedules to the first finding that is expected, of every program of `corpus/bugs` and `corpus/threads` that must show
//! one, its stored schedule dropped: shuttle's own schedulers over the model against strategies of ours, in one run.
//! Run: `cargo bench --bench mm_programs -- [FILTER] [--arms ...] [--seeds N] [--json FILE]`; `docs/BENCHMARKS.md` has
//! what it came to.

#[path = "harness/mod.rs"]
mod harness;

use foliofuzz::campaign::Searcher;
use foliofuzz::exec::bench::Driven;
use foliofuzz::exec::{Outcome, Run, Runner};
use foliofuzz::prog::{Expect, File, Program};
use foliofuzz::san::CheckSet;
use foliofuzz::sched::{Any, Asked, Rng, Schedule, parse};
use harness::{Case, Limits, Side, Tally, Trial, compare, trial};
use shuttle_engine::scheduler::Scheduler;
use shuttle_schedulers::{PctScheduler, RandomScheduler, UrwRandomScheduler};
use std::mem::ManuallyDrop;
use std::ops::ControlFlow;
use std::path::Path;

/// Schedules after which a trial gives up.
const CAP: u64 = 10_000;

/// A program with what it must show.
struct Target {
    /// Folder and name below `corpus`.
    name: String,
    program: Program,
    /// `check/kind`.
    class: String,
    checks: CheckSet,
}

impl Target {
    fn shows(&self, run: &Run) -> bool {
        shows(&self.class, run)
    }

    fn runner(&self) -> Runner {
        Runner::new(self.checks)
    }
}

fn shows(class: &str, run: &Run) -> bool {
    run.outcome.finding().is_some_and(|f| class.split_once('/') == Some((f.check, f.kind)))
}

/// What makes a trial: of a program, from a seed.
type Make = fn(&str, &Target, u64, Limits) -> Trial;

/// A strategy by its name in `list scheds`.
const NAMED: Make = |name, target, seed, limits| {
    let mut asked = Asked::new(Any::parse(name).expect("the arms name strategies"));
    let (mut rng, mut runner) = (Rng::new(seed), target.runner());
    let run = || {
        if asked.exhausted() {
            return None;
        }
        asked.begin(rng.bits());
        let run = runner.run_with(&target.program, &mut asked);
        asked.end(run.outcome == Outcome::Clean);
        Some(seen(target, &run))
    };
    trial(limits, run).0
};

fn stock<S: Scheduler>(scheduler: S, target: &Target, limits: Limits) -> Trial {
    // Never dropped: one of them prints its seed when it is.
    let mut driven = ManuallyDrop::new(Driven::new(scheduler));
    let mut runner = target.runner();
    let run = || {
        if !driven.next_execution() {
            return None;
        }
        Some(seen(target, &runner.run_with(&target.program, &mut *driven)))
    };
    trial(limits, run).0
}

fn seen(target: &Target, run: &Run) -> (bool, u32, bool) {
    (target.shows(run), run.steps, matches!(run.outcome, Outcome::GaveUp(_)))
}

/// What a hunt does with a program that comes without a schedule.
const HUNT: Make = |name, target, seed, limits| {
    let rounds = limits.schedules.min(u64::from(u32::MAX)) as u32;
    let searcher = Searcher::new(Runner::aiming(target.checks), seed, rounds);
    let mut searcher = searcher.with(parse(name).expect("the arms name strategies"));
    let (mut tally, mut program) = (Tally::new(limits), target.program.clone());
    let _ = searcher.search(&mut program, seed, &mut |_, run| {
        let (bug, points, cut) = seen(target, run);
        if tally.add(bug, points, cut) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    tally.end()
};

/// As many schedules as are asked for.
const ALL: usize = usize::MAX;

/// Every arm: its name, whose it is, and how it makes a trial. Small letters are ours.
const ARMS: &[(&str, Side, Make)] = &[
    ("Random", Side::Stock, |_, t, seed, limits| stock(RandomScheduler::new_from_seed(seed, ALL), t, limits)),
    ("PCT3", Side::Stock, |_, t, seed, limits| stock(PctScheduler::new_from_seed(seed, 3, ALL), t, limits)),
    ("PCT10", Side::Stock, |_, t, seed, limits| stock(PctScheduler::new_from_seed(seed, 10, ALL), t, limits)),
    ("URW", Side::Stock, |_, t, seed, limits| stock(UrwRandomScheduler::new_from_seed(seed, ALL), t, limits)),
    ("portfolio", Side::Ours, HUNT),
    ("scatter", Side::Ours, HUNT),
    ("mix", Side::Ours, NAMED),
    ("random:10", Side::Ours, NAMED),
    ("pct:2", Side::Ours, NAMED),
    ("pct:3", Side::Ours, NAMED),
    ("pct:5", Side::Ours, NAMED),
    ("race", Side::Ours, NAMED),
    ("urw", Side::Ours, NAMED),
    ("pos", Side::Ours, NAMED),
    ("surw", Side::Ours, NAMED),
    ("surw:object", Side::Ours, NAMED),
    ("rf", Side::Ours, NAMED),
];

/// The programs of a folder of the corpus that must show something.
fn targets(folder: &str) -> Vec<Target> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(folder);
    let mut paths: Vec<_> = std::fs::read_dir(dir).expect("the corpus").flatten().map(|e| e.path()).collect();
    paths.sort();
    paths.iter().filter(|p| p.extension().is_some_and(|e| e == "mm")).filter_map(|p| target(folder, p)).collect()
}

fn target(folder: &str, path: &Path) -> Option<Target> {
    let file = File::parse(&std::fs::read(path).expect("readable")).expect("a valid program");
    let Expect::Finding(signature) = &file.expect else { return None };
    let class = signature.split(':').next().unwrap_or_default().to_string();
    // What a predictive rule ends, `actual` goes on with: the set under which the stored schedule shows it.
    let sets = [CheckSet::all(), CheckSet::actual()].map(|set| set.expecting(signature));
    let shown = sets.into_iter().find(|set| shows(&class, &Runner::new(*set).run(&file.program)));
    let checks = shown.unwrap_or(sets[0]);
    let stem = path.file_stem()?.to_string_lossy().into_owned();
    let program = Program { schedule: Schedule::default(), ..file.program };
    Some(Target { name: format!("{folder}/{stem}"), program, class, checks })
}

fn main() {
    let targets: Vec<Target> = ["bugs", "threads"].into_iter().flat_map(targets).collect();
    let case = |t: &Target| Case { suite: String::new(), name: t.name.clone(), cap: CAP, published: [None; 2] };
    let cases: Vec<Case> = targets.iter().map(case).collect();
    let arms: Vec<(&str, Side)> = ARMS.iter().map(|a| (a.0, a.1)).collect();
    compare(&cases, &arms, |case, arm, seed, limits| ARMS[arm].2(ARMS[arm].0, &targets[case], seed, limits));
}
