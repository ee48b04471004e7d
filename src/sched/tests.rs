//! The strategies on small programs.

use super::toy::{self, End, Toy};
use super::{Any, Asked};

const NAMES: [&str; 15] = [
    "random",
    "random:30",
    "pct:1",
    "pct",
    "pct:10",
    "pct:64",
    "urw",
    "pos",
    "surw",
    "surw:lock",
    "rf",
    "rf:4",
    "race",
    "race:8",
    "dfs",
];

fn any(name: &str) -> Any {
    Any::parse(name).expect("the strategy exists")
}

#[test]
fn every_strategy_comes_to_an_end() {
    let toys = [toy::sequential(), toy::spinning(1), toy::spinning(2), toy::spinning(20), toy::reorder(100)];
    for name in NAMES {
        for (i, toy) in toys.iter().enumerate() {
            let mut asked = Asked::new(any(name));
            asked.load();
            for seed in 0..20 {
                let (end, steps) = toy.run(&mut asked, seed);
                assert!(end != End::Budget && end != End::Deadlock, "{name}, program {i}: {end:?} after {steps} steps");
            }
        }
    }
}

#[test]
fn equal_seeds_give_equal_choices() {
    for name in NAMES {
        for toy in [toy::reorder(5), toy::twostage(3), toy::spinning(3)] {
            let (mut a, mut b) = (Asked::new(any(name)), Asked::new(any(name)));
            // What came before does not matter.
            toy::reorder(2).run(&mut b, 9);
            a.load();
            b.load();
            for seed in 0..30 {
                assert_eq!(toy.run(&mut a, seed), toy.run(&mut b, seed));
                assert_eq!(a.path(), b.path(), "{name}");
            }
        }
    }
}

/// The mean number of executions up to the bug, over seeds; the cap where it is not found.
fn mean(toy: &Toy, name: &str, cap: u32, wanted: End) -> f64 {
    let seeds = 20;
    let total: u32 = (1..=seeds).map(|seed| toy.first(any(name), seed, cap, wanted).unwrap_or(cap)).sum();
    f64::from(total) / seeds as f64
}

/// What each is good at, with room for the luck of other seeds.
#[test]
fn each_finds_what_it_is_for() {
    let cases: [(&str, Toy, End, f64); 10] = [
        ("pct:3", toy::twostage(1), End::Bug, 30.0),
        ("pct:2", toy::deadlock(), End::Deadlock, 20.0),
        ("urw", toy::lost_update(50), End::Bug, 30.0),
        ("urw", toy::reorder(50), End::Bug, 200.0),
        ("pos", toy::reorder(20), End::Bug, 60.0),
        ("surw", toy::lost_update(50), End::Bug, 10.0),
        ("surw", toy::twostage(1), End::Bug, 30.0),
        ("rf", toy::reorder(100), End::Bug, 40.0),
        ("rf", toy::twostage(20), End::Bug, 40.0),
        ("dfs", toy::deadlock(), End::Deadlock, 40.0),
    ];
    for (name, toy, wanted, most) in cases {
        let mean = mean(&toy, name, 500, wanted);
        assert!(mean <= most, "{name}: {mean} executions, expected at most {most}");
    }
}

#[test]
fn depth_first_search_runs_every_sequence_once() {
    let toy = toy::deadlock();
    let mut asked = Asked::new(any("dfs"));
    asked.load();
    let mut paths = std::collections::BTreeSet::new();
    while !asked.exhausted() {
        toy.run(&mut asked, 0);
        assert!(paths.insert(asked.path().to_vec()), "a sequence came twice");
    }
    assert!(paths.len() > 20);
}
