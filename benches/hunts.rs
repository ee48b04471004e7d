//! Executions to the first finding of every registered bug, from nothing: `hunt` as it is, parts of it, and the same
//! generator of programs under shuttle's own schedulers. Run: `cargo bench --bench hunts -- [SLUG] [--arms ...]
//! [--seeds N] [--cap N] [--json FILE]`; `docs/BENCHMARKS.md` has what it came to.

#[path = "harness/mod.rs"]
mod harness;

use foliofuzz::bugs::{BUGS, Bug};
use foliofuzz::campaign::{ModelChoice, ROUNDS, Searcher, fresh_program, input_hash};
use foliofuzz::exec::bench::Driven;
use foliofuzz::exec::{Outcome, Run, Runner};
use foliofuzz::prog::preset;
use foliofuzz::san::CheckSet;
use foliofuzz::sched::parse;
use foliofuzz::vocab::{BugId, Model};
use harness::{Case, Limits, Side, Tally, Trial, compare, trial};
use shuttle_engine::scheduler::Scheduler;
use shuttle_schedulers::{PctScheduler, RandomScheduler, UrwRandomScheduler};
use std::mem::ManuallyDrop;
use std::ops::ControlFlow;
use std::process::Command;

/// Executions after which a trial gives up.
const CAP: u64 = 2_000_000;

/// A bug, alone in the newest kernel that takes it.
struct Target {
    bug: &'static Bug,
    model: Model,
    checks: CheckSet,
    /// What the kernel's preset has, which is taken out.
    fixes: Vec<&'static str>,
}

fn target(bug: &'static Bug) -> Option<Target> {
    let expected = bug.predictive.or(bug.actual)?;
    let choice = ModelChoice { bugs: vec![bug.slug.to_string()], ..ModelChoice::default() };
    let mut model = choice.model().ok()?;
    let own = preset::bugs_of(preset::find_bug(bug.slug)?);
    let others = preset::preset(model.kernel) - own;
    model.bugs = model.bugs - others;
    let slug = |id: BugId| BUGS[id.0 as usize].slug;
    let fixes = others.iter().map(slug).collect();
    Some(Target { bug, model, checks: CheckSet::all().expecting(expected), fixes })
}

/// What makes a trial: of a bug, from a seed.
type Make = fn(&str, &Target, u64, Limits) -> Trial;

fn seen(run: &Run) -> (bool, u32, bool) {
    (run.outcome.finding().is_some(), run.steps, matches!(run.outcome, Outcome::GaveUp(_)))
}

/// The `n`-th seed of a program of a trial.
fn program_seed(seed: u64, n: u32) -> u32 {
    (seed as u32).wrapping_mul(0x9E37_79B9).wrapping_add(n)
}

/// Fresh programs under one of `hunt --sched`, without libFuzzer and feedback.
const FRESH: Make = |name, target, seed, limits| {
    let name = name.strip_prefix("fresh ").unwrap_or(name);
    let searcher = Searcher::new(Runner::aiming(target.checks), seed, ROUNDS);
    let mut searcher = searcher.with(parse(name).expect("the arms name strategies"));
    let mut tally = Tally::new(limits);
    for n in 0.. {
        let mut program = fresh_program(program_seed(seed, n), target.model);
        let hash = input_hash(&program);
        let flow = searcher.search(&mut program, hash, &mut |_, run| {
            let (bug, points, cut) = seen(run);
            if tally.add(bug, points, cut) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        if flow.is_break() {
            break;
        }
    }
    tally.end()
};

fn stock<S: Scheduler>(target: &Target, seed: u64, limits: Limits, make: impl Fn(u64) -> S) -> Trial {
    let mut runner = Runner::new(target.checks);
    let (mut n, mut now) = (0, None);
    let run = || {
        let (program, driven) = now.get_or_insert_with(|| {
            let program = fresh_program(program_seed(seed, n / ROUNDS), target.model);
            // Never dropped: one of them prints its seed when it is.
            (program, ManuallyDrop::new(Driven::new(make(seed ^ u64::from(n / ROUNDS) << 32))))
        });
        driven.next_execution();
        let run = runner.run_with(program, &mut **driven);
        n += 1;
        if n % ROUNDS == 0 {
            now = None;
        }
        Some(seen(&run))
    };
    trial(limits, run).0
}

/// `hunt`, in a process of its own, with these options more.
fn hunt(target: &Target, seed: u64, limits: Limits, options: &[&str]) -> Trial {
    let scratch = std::env::temp_dir().join(format!("foliofuzz-bench-{}", std::process::id()));
    let mut command = Command::new(env!("CARGO_BIN_EXE_foliofuzz"));
    command.args(["hunt", "--format", "json", "--kernel", target.model.kernel.name(), "--bug", target.bug.slug]);
    command.args(target.fixes.iter().flat_map(|fix| ["--fix", fix]));
    command.args(options).args(["--seed", &seed.to_string(), "--runs", &limits.schedules.to_string()]);
    if let Some(kind) = target.bug.predictive.filter(|k| CheckSet::all() != CheckSet::all().expecting(k)) {
        command.args(["--checks", kind]);
    }
    let before = children();
    let output = command.arg("--out").arg(&scratch).output().expect("the program can be run");
    let cpu = children() - before;
    let _ = std::fs::remove_dir_all(&scratch);
    let text = String::from_utf8_lossy(&output.stdout);
    let json: serde_json::Value = serde_json::from_str(text.lines().last().unwrap_or_default()).unwrap_or_default();
    let (points, executions) = (json["steps"].as_u64().unwrap_or(0), json["execs"].as_u64().unwrap_or(0));
    let first = json["findings"].as_array().into_iter().flatten().filter_map(|f| f["first_exec"].as_u64()).min();
    let panicked = json.is_null();
    Trial { found: first.is_some(), schedules: first.unwrap_or(executions), points, cpu, panicked, ..Trial::default() }
}

/// CPU seconds of the processes that have ended.
fn children() -> f64 {
    // SAFETY: all zeroes is a value of it; the call writes to it and nothing else.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_CHILDREN, &mut usage);
        usage
    };
    let seconds = |t: libc::timeval| t.tv_sec as f64 + t.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

/// As many schedules as are asked for.
const ALL: usize = usize::MAX;

/// Every arm: its name, whose it is, and how it makes a trial. Small letters are ours.
const ARMS: &[(&str, Side, Make)] = &[
    ("Random", Side::Stock, |_, t, seed, l| stock(t, seed, l, |s| RandomScheduler::new_from_seed(s, ALL))),
    ("PCT3", Side::Stock, |_, t, seed, l| stock(t, seed, l, |s| PctScheduler::new_from_seed(s, 3, ALL))),
    ("URW", Side::Stock, |_, t, seed, l| stock(t, seed, l, |s| UrwRandomScheduler::new_from_seed(s, ALL))),
    ("hunt", Side::Ours, |_, t, seed, limits| hunt(t, seed, limits, &[])),
    ("no feedback", Side::Ours, |_, t, seed, limits| hunt(t, seed, limits, &["--feedback", "off"])),
    ("hunt scatter", Side::Ours, |_, t, seed, limits| hunt(t, seed, limits, &["--sched", "scatter"])),
    ("fresh portfolio", Side::Ours, FRESH),
    ("fresh scatter", Side::Ours, FRESH),
    ("fresh random:10", Side::Ours, FRESH),
    ("fresh pct:3", Side::Ours, FRESH),
    ("fresh race", Side::Ours, FRESH),
    ("fresh surw", Side::Ours, FRESH),
    ("fresh rf", Side::Ours, FRESH),
    ("fresh pos", Side::Ours, FRESH),
];

fn main() {
    let real = |b: &&Bug| !matches!(b.category, "mutant" | "variant");
    let targets: Vec<Target> = BUGS.iter().filter(real).filter_map(target).collect();
    let case = |t: &Target| Case { suite: String::new(), name: t.bug.slug.into(), cap: CAP, published: [None; 2] };
    let cases: Vec<Case> = targets.iter().map(case).collect();
    let arms: Vec<(&str, Side)> = ARMS.iter().map(|a| (a.0, a.1)).collect();
    compare(&cases, &arms, |case, arm, seed, limits| ARMS[arm].2(ARMS[arm].0, &targets[case], seed, limits));
}
