//! Executions a second of the inner loop, against what a harness of shuttle's own `Runner` over the same model, checks
//! and programs comes to: one `Runner` for each execution, and one for all, under `RandomScheduler`. Programs are those
//! the mutator makes afresh, for the default kernel. Everything is measured in turn in one run; figures are medians
//! over rounds. Run: `cargo bench --bench harnesses [-- PROGRAMS]`.

use foliofuzz::campaign::{Searcher, fresh_program, input_hash};
use foliofuzz::exec::bench::Stock;
use foliofuzz::exec::{COUNTERS, Feedback, Outcome, Runner};
use foliofuzz::prog::{Program, preset};
use foliofuzz::san::CheckSet;
use foliofuzz::vocab::Kernel;
use shuttle_schedulers::RandomScheduler;
use std::ops::ControlFlow;
use std::time::Instant;

const ROUNDS: usize = 5;
/// Schedules of each program.
const SCHEDULES: u32 = 20;

/// Fresh programs of at least two CPUs whose executions come to an end.
fn programs(n: usize) -> Vec<Program> {
    let mut runner = Runner::new(CheckSet::all());
    let model = preset::model(Kernel::DEFAULT);
    let fresh = (0..).map(|seed| fresh_program(seed, model)).filter(|p| p.nr_cpus() > 1);
    fresh.filter(|p| runner.run(p).outcome == Outcome::Clean).take(n).collect()
}

/// Executions a second, and points of one.
struct Rate {
    executions: f64,
    points: f64,
}

fn rate(run: impl FnOnce() -> (u64, u64)) -> Rate {
    let start = Instant::now();
    let (executions, points) = run();
    Rate { executions: executions as f64 / start.elapsed().as_secs_f64(), points: points as f64 / executions as f64 }
}

/// What `hunt` does, with checks and feedback.
fn ours(searcher: &mut Searcher, programs: &[Program]) -> Rate {
    rate(|| {
        let (mut executions, mut points) = (0, 0);
        for p in programs {
            let mut p = p.clone();
            let hash = input_hash(&p);
            let _ = searcher.search(&mut p, hash, &mut |_, run| {
                executions += 1;
                points += u64::from(run.steps);
                ControlFlow::Continue(())
            });
        }
        (executions, points)
    })
}

fn stock(programs: &[Program], one_runner: bool) -> Rate {
    let executions = SCHEDULES as usize;
    let scheduler = RandomScheduler::new_from_seed(1, usize::MAX);
    rate(|| {
        let points = Stock::new(programs.to_vec()).run(scheduler, executions, one_runner);
        ((executions * programs.len()) as u64, points)
    })
}

fn median(mut rates: Vec<Rate>) -> Rate {
    rates.sort_by(|a, b| a.executions.total_cmp(&b.executions));
    rates.swap_remove(rates.len() / 2)
}

fn main() {
    let n = std::env::args().skip(1).find_map(|a| a.parse().ok()).unwrap_or(200);
    let programs = programs(n);
    let mut runner = Runner::aiming(CheckSet::all());
    runner.set_feedback(Feedback::new(Box::leak(Box::new([0; COUNTERS]))));
    let mut searcher = Searcher::new(runner, 1, SCHEDULES);
    let (mut search, mut long, mut each) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        search.push(ours(&mut searcher, &programs));
        long.push(stock(&programs, true));
        each.push(stock(&programs, false));
    }
    let [search, long, each] = [search, long, each].map(median);
    println!("{n} programs, {SCHEDULES} schedules each");
    let show = |name: &str, r: &Rate| {
        let ratio = search.executions / r.executions;
        println!("{name:24} {:9.0} executions/s  {:6.1} points each  ours is {ratio:.1}x", r.executions, r.points);
    };
    show("ours", &search);
    show("one Runner", &long);
    show("a Runner each", &each);
}
