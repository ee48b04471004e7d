//! Every interleaving of small programs: the engine's own depth-first search (`DfsScheduler` of shuttle-schedulers)
//! against the reduction, which runs one execution of each happens-before class. Both drive the same machine, with
//! every check on, in one run. Run: `cargo bench --bench reduction`.

use foliofuzz::campaign::{Explored, explore};
use foliofuzz::exec::Runner;
use foliofuzz::exec::bench::Driven;
use foliofuzz::prog::{File, Program};
use foliofuzz::san::CheckSet;
use foliofuzz::sched::{Dpor, Exhaust};
use shuttle_schedulers::DfsScheduler;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// Where the depth-first search gives up.
const SCHEDULES: u64 = 500_000;
const TIME: Duration = Duration::from_secs(20);

/// Programs: what each is called, and its text.
const PROGRAMS: [(&str, &str); 7] = [
    ("two accessed marks", include_str!("reduction/accessed_twice.mm")),
    ("three lookups", include_str!("../tests/prove/lookups_of_three.mm")),
    ("kept references", include_str!("../tests/prove/references_kept.mm")),
    ("isolation, lookup", include_str!("../tests/prove/isolation_against_lookup.mm")),
    ("read, truncate", include_str!("../tests/prove/read_against_truncate.mm")),
    ("drain of all CPUs, twice", include_str!("../tests/prove/drain_all_twice.mm")),
    ("wait, lock", include_str!("reduction/wait_against_lock.mm")),
];

/// Schedules and seconds; false if it was not the end.
fn depth_first(program: &Program) -> (u64, f64, bool) {
    let mut runner = Runner::new(CheckSet::all());
    let mut search = Driven::new(DfsScheduler::new(None, false));
    let (start, mut schedules) = (Instant::now(), 0);
    while search.next_execution() {
        if schedules == SCHEDULES || start.elapsed() > TIME {
            return (schedules, start.elapsed().as_secs_f64(), false);
        }
        let run = runner.run_with(program, &mut search);
        assert!(run.outcome.finding().is_none(), "the programs are clean");
        schedules += 1;
    }
    (schedules, start.elapsed().as_secs_f64(), true)
}

fn reduced(program: &Program) -> (Explored, f64) {
    let mut runner = Runner::new(CheckSet::all());
    let (mut tree, mut explored) = (Exhaust::<Dpor>::default(), Explored::default());
    let start = Instant::now();
    explore(&mut runner, program, &mut tree, &mut explored, &mut |_, _, outcome| {
        assert!(outcome.finding().is_none(), "the programs are clean");
        ControlFlow::Continue(())
    });
    (explored, start.elapsed().as_secs_f64())
}

fn main() {
    println!("| program | DFS schedules | s | DPOR executions | cut | s | schedules, ratio | time, ratio |");
    println!("|---|---|---|---|---|---|---|---|");
    for (name, text) in PROGRAMS {
        let program = File::parse(text.as_bytes()).expect("a valid program").program;
        let (schedules, dfs, ended) = depth_first(&program);
        let (explored, dpor) = reduced(&program);
        let more = if ended { "" } else { "> " };
        println!(
            "| {name} | {more}{schedules} | {more}{dfs:.2} | {} | {} | {dpor:.3} | {more}{:.0} | {more}{:.0} |",
            explored.executions,
            explored.cut,
            schedules as f64 / explored.executions as f64,
            dfs / dpor,
        );
    }
}
