//! The same program and schedule give the same events: run twice here, and in every build (the digest is printed, so
//! that
//! `FOLIOFUZZ_PROGRAMS=1000000 cargo test --test determinism -- --nocapture` can be compared between profiles).

mod common;

use foliofuzz::exec::Runner;
use foliofuzz::prog::schedule_of;
use foliofuzz::san::CheckSet;
use foliofuzz::sched::{MAX_RECORDS, RandomWalk};

#[test]
fn programs_replay_with_equal_event_hashes() {
    let (mut first, mut second) = (Runner::new(CheckSet::all()), Runner::new(CheckSet::all()));
    let mut digest = 0u64;
    let programs = common::scale("FOLIOFUZZ_PROGRAMS", 20_000);
    for i in 0..programs {
        let program = common::generated_any(i);
        let a = first.record(&program, false).trace.hash;
        let b = second.record(&program, false).trace.hash;
        assert_eq!(a, b, "program {i} is not deterministic:\n{program:?}");
        digest = (digest ^ a).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23);
    }
    println!("{programs} programs, digest {digest:016x}");
}

/// Named records express every execution: whatever a random walk did, its records replay it exactly.
#[test]
fn named_schedules_replay_what_was_executed() {
    let mut runner = Runner::new(CheckSet::all());
    for i in 0..common::scale("FOLIOFUZZ_PROGRAMS", 20_000).min(200_000) {
        let mut program = common::generated_any(i);
        let mut walk = RandomWalk::new(u64::from(i), 4_000);
        let executed = runner.record_with(&program, &mut walk, false).trace;
        let named = schedule_of(&executed, program.schedule.start);
        if named.records.len() > MAX_RECORDS {
            continue;
        }
        program.schedule = named;
        let replayed = runner.record(&program, false).trace;
        assert_eq!(executed.hash, replayed.hash, "program {i}:\n{program:?}");
    }
}

/// A search that is aimed sees places to aim at, and otherwise the same: hints are never findings.
#[test]
fn aiming_changes_no_execution() {
    let (mut plain, mut aiming) = (Runner::new(CheckSet::all()), Runner::aiming(CheckSet::all()));
    let mut hints = 0;
    for i in 0..common::scale("FOLIOFUZZ_PROGRAMS", 20_000) {
        let program = common::generated_any(i);
        let a = plain.run_with(&program, &mut RandomWalk::new(u64::from(i), 4_000));
        let b = aiming.run_with(&program, &mut RandomWalk::new(u64::from(i), 4_000));
        let same = a.outcome == b.outcome && a.steps == b.steps && a.interleaving == b.interleaving;
        assert!(same, "program {i}: {a:?}, aimed {b:?}:\n{program:?}");
        hints += aiming.near_misses().len() - plain.near_misses().len().min(aiming.near_misses().len());
    }
    assert!(hints > 0, "nothing to aim at");
}
