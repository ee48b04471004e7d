//! `tests/sites.txt` lists everything a sweep over generated programs reaches: scheduling points with what came of
//! their accesses, operations with what came of them, functions. `BLESS=1 cargo test --test sites` adds what is missing
//! (`FOLIOFUZZ_SWEEP=n`: of n executions). `tests/unreached.txt` explains what is not reached.

mod common;

use foliofuzz::campaign::reach::Sweep;
use foliofuzz::exec::Runner;
use foliofuzz::machine::{Machine, Sched, Why};
use foliofuzz::prog::listing::{Line, Listing, Outcome, Reason};
use foliofuzz::prog::{preset, sites};
use foliofuzz::san::CheckSet;
use foliofuzz::sched::Schedule;
use foliofuzz::vocab::{Kernel, Kind};
use std::collections::BTreeSet;

/// Half of a sweep is the default kernel's; the older ones and kernels with bugs share the rest.
fn sweep(runs: u64, seed: u64) -> Listing {
    let mut sweep = Sweep::default();
    for kernel in Kernel::ALL {
        sweep.kernel(kernel, if kernel == Kernel::DEFAULT { runs / 2 } else { runs / 10 }, seed);
    }
    sweep.bugs(runs / 10, seed);
    sweep.listing()
}

fn runs() -> u64 {
    u64::from(common::scale("FOLIOFUZZ_SWEEP", 100_000))
}

/// The functions of `src/mm` that name themselves.
fn functions() -> BTreeSet<String> {
    let mut files = Vec::new();
    common::walk(&common::root().join("src/mm"), "rs", &mut files);
    let mut names = BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("text");
        let name = |l: &str| l.trim().strip_prefix("kfn!(")?.strip_suffix(");").map(|n| format!("fn:{n}"));
        names.extend(text.lines().filter_map(name));
    }
    names
}

/// Adds what `reached` has to the list, and drops functions that are gone.
fn bless(mut reached: Listing) {
    reached.merge(&Listing::checked_in());
    let functions = functions();
    for name in &functions {
        reached.add(name, &Line::new(0, 0, Outcome::Reached.bit()));
    }
    reached.0.retain(|name, _| !name.starts_with("fn:") || functions.contains(name));
    reached.close();
    std::fs::write(common::root().join("tests/sites.txt"), reached.write()).expect("written");
}

#[test]
fn everything_a_sweep_reaches_is_listed() {
    let reached = sweep(runs(), u64::from(common::scale("FOLIOFUZZ_SEED", 1)));
    if std::env::var_os("BLESS").is_some() {
        return bless(reached);
    }
    let listed = Listing::checked_in();
    let all = |l: &Line| l.seen(u8::MAX);
    let unlisted = |(name, line): (&String, &Line)| {
        let new = all(line) & !listed.0.get(name).map_or(0, all);
        Outcome::ALL.into_iter().filter(|o| new & o.bit() != 0).map(|o| format!("{name} {}", o.name())).collect()
    };
    let missing: Vec<String> = reached.0.iter().flat_map(|l| -> Vec<String> { unlisted(l) }).collect();
    assert!(missing.is_empty(), "not in tests/sites.txt (BLESS=1 adds them): {missing:?}");
    let points: Vec<&String> = reached.0.keys().filter(|n| n.contains('.') && !listed.0.contains_key(*n)).collect();
    assert!(points.is_empty(), "not in tests/sites.txt (BLESS=1 adds them): {points:?}");
}

#[test]
fn the_list_holds_nothing_that_is_never_reached() {
    let reached = sweep(runs(), 2);
    let gone: Vec<&str> = sites::listed().filter(|s| !reached.0.contains_key(*s)).collect();
    // Corners of the wait queues need luck; a renamed function would take more than this.
    assert!(gone.len() * 20 <= sites::listed().count(), "listed but never reached: {gone:?}");
}

#[test]
fn the_list_is_as_it_would_be_written() {
    let text = std::fs::read_to_string(common::root().join("tests/sites.txt")).expect("list");
    let mut listing = Listing::checked_in();
    assert_eq!(listing.write(), text);
    listing.close();
    assert_eq!(listing.write(), text, "BLESS=1 completes it");
}

#[test]
fn every_function_is_entered_or_explained() {
    let (listed, reasons) = (Listing::checked_in(), Reason::checked_in());
    let entered = |name: &String| listed.0.get(name).is_some_and(|l| l.seen(u8::MAX) != 0);
    let explained = |name: &String| reasons.iter().any(|r| r.explains(name, Outcome::Reached));
    let functions = functions();
    let unknown: Vec<_> = functions.iter().filter(|n| !entered(n) && !explained(n)).collect();
    assert!(unknown.is_empty(), "neither listed nor explained: {unknown:?}");
    let gone: Vec<_> = listed.0.keys().filter(|n| n.starts_with("fn:") && !functions.contains(*n)).collect();
    assert!(gone.is_empty(), "listed, but not in src/mm: {gone:?}");
}

#[test]
fn what_was_never_reached_is_explained_and_every_explanation_needed() {
    let (listed, reasons) = (Listing::checked_in(), Reason::checked_in());
    let mut idle: Vec<&Reason> = reasons.iter().collect();
    let mut unexplained = Vec::new();
    // The rare may be listed.
    for (name, line) in &listed.0 {
        for o in Outcome::ALL {
            idle.retain(|r| !(r.explains(name, o) && (line.never() & o.bit() != 0 || r.reason.starts_with("rare"))));
            let explained = reasons.iter().any(|r| r.explains(name, o));
            if line.never() & o.bit() != 0 && !explained {
                unexplained.push(format!("{name} {}", o.name()));
            }
        }
    }
    assert!(unexplained.is_empty(), "not in tests/unreached.txt: {unexplained:?}");
    let idle: Vec<String> = idle.iter().map(ToString::to_string).collect();
    assert!(idle.is_empty(), "explained, but reached or unknown: {idle:?}");
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
    let names: Vec<String> = foliofuzz::san::CHECKS.iter().map(|c| format!("-{}", c.name)).collect();
    let mut runner = Runner::new(CheckSet::parse(&names.join(",")).expect("every check has a name"));
    let mut longest = 0;
    for i in 0..5_000 {
        // As released: some mutants spin for ever.
        let kernel = Kernel::ALL[i as usize % Kernel::ALL.len()];
        let mut program = common::generated(i, preset::model(kernel));
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
