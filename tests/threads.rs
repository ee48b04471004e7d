//! The matrix of the mail threads: each variant that must be found is, in no more preemptions than its hand-made
//! interleaving takes; of each that must not be, every interleaving is run, or all up to a preemption bound.
//!
//! `FOLIOFUZZ_PROVE=600 cargo test --release --test threads` gives each search that many seconds instead of stopping at
//! the bound of the table.

mod common;

use foliofuzz::campaign::{Limits, Progress, Prover, Verdict};
use foliofuzz::exec::Runner;
use foliofuzz::prog::{Expect, File};
use foliofuzz::san::CheckSet;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// How a variant is answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Answer {
    /// Its expectation is shown with at most so many preemptions: the switches of the threads' own tables.
    Found(u32),
    /// No interleaving of its program shows a finding.
    Proved,
    /// As [`Answer::Proved`], but the search of all is long: this test runs those with at most so many preemptions.
    Bounded(u32),
}

use Answer::{Bounded, Found, Proved};

/// Every program of `corpus/threads`.
const MATRIX: &[(&str, Answer)] = &[
    ("a0", Found(4)),
    ("a0_no_pin", Found(0)),
    ("a1", Found(0)),
    ("a2", Proved),
    ("a3", Found(2)),
    ("a4", Bounded(2)),
    ("a5", Found(2)),
    ("a6", Proved),
    ("a7", Found(1)),
    ("a7_rcu", Proved),
    ("b-v0", Found(0)),
    ("b-v0_lookup", Found(3)),
    ("b-v0_no_debug_vm", Found(3)),
    ("b-v0_w0", Found(3)),
    ("b-v0_w1", Found(3)),
    ("b-v1", Found(0)),
    ("b-v1_reclaim", Found(0)),
    ("b-v2_lookup", Proved),
    ("b-v2_reclaim", Bounded(1)),
    ("b-v2_w0", Bounded(1)),
    ("b-v2_w1", Bounded(1)),
    ("b-v2_w2", Bounded(1)),
    ("b-v3", Bounded(1)),
    ("b-v3_mapcount", Found(0)),
    ("b-v3_unlocked", Found(0)),
    ("b-v4", Bounded(1)),
    ("b-v5", Found(1)),
    ("b-v6_expected", Found(2)),
    ("b-v6_freeze", Found(1)),
    ("b-v6_get", Found(0)),
    ("b-v6_put", Found(0)),
    ("b-v6_slot", Bounded(1)),
    ("c-v0", Found(0)),
    ("c-v1", Found(3)),
    ("c-v2", Found(2)),
    ("c-v3", Proved),
    ("c-v4", Found(1)),
    ("c-v5", Found(2)),
    ("c-v5_real", Bounded(1)),
    ("c-v5p", Proved),
    ("c-v5pc", Found(2)),
    ("c-v5w", Bounded(1)),
    ("c-v5wc", Bounded(1)),
    ("c-v5wp", Proved),
    ("c-v5wpc", Found(2)),
    ("c-v6", Found(0)),
    ("c-v7", Found(2)),
    ("c-v8", Found(1)),
    ("d-seed", Bounded(1)),
    ("d-seed_stops", Found(6)),
    ("d0", Bounded(1)),
    ("d0_recycle", Bounded(1)),
    ("d0_second", Bounded(1)),
    ("d1a", Bounded(1)),
    ("d1b", Found(4)),
    ("d2", Found(4)),
    ("d3", Found(4)),
    ("d4", Found(2)),
    ("d4_none", Proved),
    ("d5", Found(1)),
    ("d6", Found(1)),
    ("d7", Found(3)),
    ("d7b", Found(3)),
    ("d7c", Bounded(1)),
    ("d8", Bounded(1)),
    ("d8m", Found(2)),
    ("d_stop3", Bounded(1)),
    ("e0", Found(2)),
    ("e1", Proved),
    ("e2", Proved),
    ("e3", Found(2)),
    ("e4", Proved),
    ("e4b", Found(2)),
    ("e5", Found(0)),
    ("e6", Found(1)),
];

fn stored(name: &str) -> File {
    common::load(&common::root().join(format!("corpus/threads/{name}.mm")))
}

fn prove(file: &File, checks: CheckSet, limits: Limits, wanted: Option<&str>) -> Verdict {
    let (stop, mut tell) = (AtomicBool::new(false), |_: &Progress| {});
    let mut runner = Runner::new(checks);
    let most = limits.preemptions;
    let mut prover = Prover::new(&mut runner, limits, &stop, &mut tell);
    match most {
        Some(most) => prover.bounded(&file.program, most, wanted),
        None => prover.prove(&file.program),
    }
}

#[test]
fn the_matrix_has_every_program() {
    let mut stored: Vec<String> = common::programs("corpus/threads")
        .iter()
        .filter_map(|p| p.file_stem().map(|s| s.to_string_lossy().into_owned()))
        .collect();
    stored.sort();
    let mut listed: Vec<&str> = MATRIX.iter().map(|(name, _)| *name).collect();
    listed.sort_unstable();
    assert_eq!(listed, stored);
}

#[test]
fn what_must_be_found_is_found_in_the_program() {
    for (name, answer) in MATRIX {
        let Found(most) = *answer else { continue };
        let file = stored(name);
        let Expect::Finding(expected) = &file.expect else { panic!("{name} expects nothing") };
        // What a predictive rule ends, `actual` goes on with; a class stands for any signature of it.
        let sets = [CheckSet::all(), CheckSet::actual()].map(|set| set.expecting(expected));
        let limits = Limits { preemptions: Some(most), runs: Some(400_000), time: None };
        let found = sets.into_iter().map(|set| prove(&file, set, limits.clone(), Some(expected)));
        let shown = found.into_iter().find(|v| matches!(v, Verdict::Found { .. }));
        let Some(Verdict::Found { signature, preemptions, .. }) = shown else {
            panic!("{name}: {expected} is not found within {most} preemptions");
        };
        assert!(preemptions <= most, "{name}");
        assert!(signature == *expected || signature.starts_with(&format!("{expected}:")), "{name}: {signature}");
    }
}

#[test]
fn what_must_not_be_found_is_not() {
    let seconds = u64::from(common::scale("FOLIOFUZZ_PROVE", 0));
    for (name, answer) in MATRIX {
        let preemptions = match *answer {
            Found(_) => continue,
            Proved => None,
            Bounded(n) => Some(n),
        };
        let file = stored(name);
        assert_eq!(file.expect, Expect::Clean, "{name}");
        let limits = match seconds {
            0 => Limits { preemptions, runs: None, time: None },
            s => Limits { preemptions: None, runs: None, time: Some(Duration::from_secs(s)) },
        };
        let verdict = prove(&file, CheckSet::all(), limits, None);
        if seconds > 0 {
            println!("{name}: {verdict:?}");
        }
        let done = match preemptions {
            None => verdict == Verdict::Proved,
            Some(n) => verdict == Verdict::Bounded(n),
        };
        let clean = matches!(verdict, Verdict::Proved | Verdict::Stopped { .. } | Verdict::GaveUp);
        assert!(done || (seconds > 0 && clean), "{name}: {verdict:?}");
    }
}
