//! `tests/sites.txt` lists every scheduling point a sweep over generated programs reaches. `BLESS=1 cargo test --test
//! sites` adds what is missing.

mod common;

use foliofuzz::exec::Runner;
use foliofuzz::machine::{Machine, Sched, Why};
use foliofuzz::prog::sites;
use foliofuzz::san::CheckSet;
use foliofuzz::sched::{RandomWalk, Schedule};
use foliofuzz::vocab::Kind;
use std::collections::BTreeSet;

/// No check ends an execution early.
fn blind() -> CheckSet {
    let names: Vec<String> = foliofuzz::san::CHECKS.iter().map(|c| format!("-{}", c.name)).collect();
    CheckSet::parse(&names.join(",")).expect("every check has a name")
}

fn reached(programs: u32) -> BTreeSet<String> {
    let mut runner = Runner::new(blind());
    let mut found = BTreeSet::new();
    for i in 0..programs {
        let mut program = common::generated_any(i);
        program.schedule = Schedule::default();
        let mut walk = RandomWalk::new(u64::from(i), 8000);
        let recorded = runner.record_with(&program, &mut walk, true);
        let points = recorded.trace.steps.iter().filter(|s| s.event.kind != Kind::Note && s.k != 0);
        found.extend(points.map(|s| s.event.site.to_string()));
        found.extend(recorded.trace.switches.iter().filter(|s| s.why == Why::Point).map(|s| s.site.to_string()));
    }
    found
}

#[test]
fn every_point_a_sweep_reaches_is_listed() {
    let reached = reached(common::scale("FOLIOFUZZ_SWEEP", 20_000));
    let listed: BTreeSet<String> = sites::listed().map(str::to_string).collect();
    let missing: Vec<&String> = reached.difference(&listed).collect();
    if std::env::var_os("BLESS").is_some() {
        let all: Vec<String> = reached.union(&listed).cloned().collect();
        std::fs::write(common::root().join("tests/sites.txt"), all.join("\n") + "\n").expect("written");
        return;
    }
    assert!(missing.is_empty(), "not in tests/sites.txt (BLESS=1 adds them): {missing:?}");
}

#[test]
fn the_list_holds_nothing_that_is_never_reached() {
    let reached = reached(common::scale("FOLIOFUZZ_SWEEP", 20_000));
    let gone: Vec<&str> = sites::listed().filter(|s| !reached.contains(*s)).collect();
    // Corners of the wait queues need luck; a renamed function would take more than this.
    assert!(gone.len() * 20 <= sites::listed().count(), "listed but never reached: {gone:?}");
}

/// A task that only reads for longer than this is taken for a spinner.
#[test]
fn no_path_reads_for_as_long_as_a_spinner() {
    struct Alone;
    impl Sched for Alone {
        fn pick(&mut self, m: &Machine, _: Why, cur: usize, runnable: u32) -> usize {
            m.default_choice(cur, runnable)
        }
    }
    let mut runner = Runner::new(blind());
    let mut longest = 0;
    for i in 0..5_000 {
        let mut program = common::generated_any(i);
        program.schedule = Schedule::default();
        let trace = runner.record_with(&program, &mut Alone, true).trace;
        let mut run = 0;
        for s in trace.steps.iter().filter(|s| s.event.kind != Kind::Note) {
            run = if s.event.kind == Kind::Load || s.event.kind == Kind::RmwFail { run + 1 } else { 0 };
            longest = longest.max(run);
        }
    }
    use foliofuzz::machine::{SPIN_POINTS, SPIN_ROUNDS};
    assert!(longest < SPIN_POINTS * SPIN_ROUNDS, "a task reads {longest} times in a row");
}
