//! Every strategy of `list scheds` that chooses at every point, on the programs of tests/prove and corpus/bugs and on
//! degenerate ones: no execution goes on for ever, equal seeds give equal events, and nothing comes of it that cannot.

mod common;

use foliofuzz::campaign::{Explored, condense, explore};
use foliofuzz::exec::{Outcome, Runner};
use foliofuzz::prog::{File, Program};
use foliofuzz::san::CheckSet;
use foliofuzz::sched::{Any, Asked, Dpor, Exhaust, SCHEDS, parse};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// Strategies with other parameters than those they have by default.
const MORE: [&str; 7] = ["random:10", "pct:1", "pct:64", "surw:object", "surw:lock", "rf:4", "dfs:5"];

/// Every strategy of the table that chooses at every point, by name.
fn names() -> Vec<&'static str> {
    let all = SCHEDS.iter().map(|s| s.name).filter(|n| Any::parse(n).is_ok());
    all.chain(MORE).collect()
}

fn asked(name: &str) -> Asked<Any> {
    let mut asked = Asked::new(Any::parse(name).expect("the strategy exists"));
    asked.load();
    asked
}

fn class_of(outcome: &Outcome) -> Option<String> {
    outcome.finding().map(|f| format!("{}/{}", f.check, f.kind))
}

/// Classes with the same happens-before, and findings, of all interleavings.
fn all(program: &Program) -> (BTreeSet<u64>, BTreeSet<String>) {
    let (mut classes, mut findings) = (BTreeSet::new(), BTreeSet::new());
    let (mut tree, mut explored) = (Exhaust::<Dpor>::default(), Explored::default());
    explore(&mut Runner::new(CheckSet::all()), program, &mut tree, &mut explored, &mut |_, tree, outcome| {
        match class_of(outcome) {
            Some(finding) => drop(findings.insert(finding)),
            None => drop(classes.insert(tree.class())),
        }
        ControlFlow::Continue(())
    });
    (classes, findings)
}

#[test]
fn no_strategy_leaves_what_an_exhaustive_search_shows() {
    for path in common::programs("tests/prove") {
        let program = common::load(&path).program;
        let (classes, findings) = all(&program);
        let mut runner = Runner::new(CheckSet::all());
        for name in names() {
            let mut asked = asked(name);
            for seed in 0..20 {
                asked.begin(seed);
                let (run, class) = runner.run_observed(&program, &mut asked);
                asked.end(run.outcome == Outcome::Clean);
                let legal = match run.outcome {
                    Outcome::Clean => classes.contains(&class),
                    Outcome::Found(_) => class_of(&run.outcome).is_some_and(|f| findings.contains(&f)),
                    Outcome::GaveUp(_) => false,
                };
                assert!(legal, "{}: {name}, seed {seed}: {:?}", path.display(), run.outcome);
            }
        }
    }
}

/// What no strategy chooses (to sleep for a lock while others can go on, to spin) shows nothing new.
#[test]
fn depth_first_search_shows_what_an_exhaustive_search_shows() {
    let mut complete = 0;
    for path in common::programs("tests/prove") {
        let program = common::load(&path).program;
        let mut runner = Runner::new(CheckSet::all());
        let (mut seen, mut asked) = ((BTreeSet::new(), BTreeSet::new()), asked("dfs:100000"));
        for _ in 0..20_000 {
            asked.begin(0);
            let (run, class) = runner.run_observed(&program, &mut asked);
            asked.end(run.outcome == Outcome::Clean);
            match class_of(&run.outcome) {
                Some(finding) => drop(seen.1.insert(finding)),
                None => drop(seen.0.insert(class)),
            }
            if asked.exhausted() {
                assert_eq!(seen, all(&program), "{}", path.display());
                complete += 1;
                break;
            }
        }
    }
    assert!(complete >= 10, "only {complete} programs were searched to the end");
}

/// Runs under one seed after the other, each twice: what happened, and the choices.
fn repeats(program: &Program, checks: CheckSet, name: &str, seeds: u64) {
    let (mut runner, mut again) = (Runner::new(checks), Runner::new(checks));
    let (mut a, mut b) = (asked(name), asked(name));
    for seed in 0..seeds {
        a.begin(seed);
        let first = runner.record_with(program, &mut a, false);
        a.end(first.outcome == Outcome::Clean);
        b.begin(seed);
        let second = again.record_with(program, &mut b, false);
        b.end(second.outcome == Outcome::Clean);
        assert_eq!(first.trace.hash, second.trace.hash, "{name}, seed {seed}:\n{program:?}");
        assert_eq!(a.path(), b.path());
        assert!(!matches!(first.outcome, Outcome::GaveUp(_)), "{name}, seed {seed}:\n{program:?}");
        if let Some(f) = first.outcome.finding() {
            let mut named = program.clone();
            let class = (f.check, f.kind);
            named.schedule = condense(&mut runner, program, a.path(), class).expect("a schedule of named records");
            let found = runner.run(&named).outcome;
            assert_eq!(found.finding().map(|f| (f.check, f.kind)), Some(class), "{name}, seed {seed}:\n{named:?}");
        }
    }
}

#[test]
fn equal_seeds_give_equal_events_and_findings_become_named_schedules() {
    for path in common::programs("corpus/bugs").iter().chain(&common::programs("corpus/threads")) {
        let program = common::load(path).program;
        names().iter().for_each(|name| repeats(&program, CheckSet::all(), name, 6));
    }
}

#[test]
fn degenerate_programs() {
    let texts = [
        // Nothing to run; one task; a task without operations beside another.
        "init\ncpu0\n",
        "init\ncpu0\n  lru_add_drain()\n",
        "init\ncpu0\n  lru_add_drain()\ncpu1\n",
        // Tasks that ask again and again for what never comes.
        "bug: mutant_swapin_keeps_slot\n\ninit\n  v0 = vma(p0, 1..2, anon)\n  s1 = swap(p0, addr=1)\n\n\
         cpu0\n  user_write(p0, 1)\ncpu1\n  user_write(p0, 1)\ncpu2\n  user_write(p0, 1)\n",
    ];
    for text in texts {
        let file = File::parse(format!("# foliofuzz repro v1\nmodel: v6.12\n{text}").as_bytes());
        let program = file.expect("a program").program;
        names().iter().for_each(|name| repeats(&program, CheckSet::all(), name, 50));
    }
}

#[test]
fn what_a_hunt_takes_is_marked() {
    for spec in SCHEDS {
        assert_eq!(parse(spec.name).is_ok(), spec.hunts(), "{}", spec.name);
    }
}
