//! Exhaustive search against plain enumeration of every schedule.

mod common;

use foliofuzz::campaign::{Explored, explore};
use foliofuzz::exec::{Outcome, Runner};
use foliofuzz::machine::{Machine, Sched, Why};
use foliofuzz::prog::File;
use foliofuzz::san::CheckSet;
use foliofuzz::sched::{Bounded, Dpor, Exhaust};
use foliofuzz::vocab::{CPUS, Obj};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// Every choice at every state, one execution each.
#[derive(Default)]
struct Plain {
    path: Vec<(usize, u32)>,
    depth: usize,
}

impl Plain {
    fn choose(&mut self, m: &Machine, cur: usize, runnable: u32) -> usize {
        if self.depth == self.path.len() {
            let first = m.default_choice(cur, runnable);
            self.path.push((first, runnable & !(1 << first)));
        }
        let chosen = self.path[self.depth].0;
        self.depth += 1;
        chosen
    }

    fn next_path(&mut self) -> bool {
        self.depth = 0;
        while let Some((_, left)) = self.path.pop() {
            if left != 0 {
                let next = left.trailing_zeros() as usize;
                self.path.push((next, left & !(1 << next)));
                return true;
            }
        }
        false
    }
}

impl Sched for Plain {
    fn start(&mut self, m: &Machine, cpu: usize) -> usize {
        self.choose(m, cpu, m.runnable())
    }

    fn pick(&mut self, m: &Machine, _: Why, cur: usize, runnable: u32) -> usize {
        self.choose(m, cur, runnable)
    }
}

#[derive(Default, PartialEq, Eq, Debug)]
struct Seen {
    classes: BTreeSet<u64>,
    finals: BTreeSet<u64>,
    findings: BTreeSet<String>,
}

impl Seen {
    fn add(&mut self, runner: &Runner, outcome: &Outcome, class: u64) {
        self.classes.insert(class);
        match outcome.finding() {
            Some(f) => {
                self.findings.insert(format!("{}/{}:{:x}", f.check, f.kind, f.site));
            }
            None => {
                let words = (0..Obj::COUNT).map(|i| runner.word(Obj(i as u16)));
                let hash = words.fold(7u64, |h, w| (h ^ w).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29));
                self.finals.insert(hash);
            }
        }
    }
}

fn enumerate(file: &File) -> (u64, Seen) {
    let mut runner = Runner::new(CheckSet::all());
    let (mut plain, mut seen, mut runs) = (Plain::default(), Seen::default(), 0);
    loop {
        let (run, class) = runner.run_observed(&file.program, &mut plain);
        seen.add(&runner, &run.outcome, class);
        runs += 1;
        if runs > 400_000 || !plain.next_path() {
            return (runs, seen);
        }
    }
}

fn reduced(file: &File) -> (Explored, Seen) {
    let mut runner = Runner::new(CheckSet::all());
    let (mut explored, mut seen) = (Explored::default(), Seen::default());
    let mut tree = Exhaust::<Dpor>::default();
    explore(&mut runner, &file.program, &mut tree, &mut explored, &mut |runner, tree, outcome| {
        seen.add(runner, outcome, tree.class());
        ControlFlow::Continue(())
    });
    (explored, seen)
}

/// What is found when everything has ended is found under a bound, too: nothing of a path is taken for its own end.
#[test]
fn a_bound_reaches_the_end() {
    for (name, most) in [("c-v4", 0), ("c-v5", 1)] {
        let file = common::load(&common::root().join(format!("corpus/threads/{name}.mm")));
        let (mut runner, mut explored, mut found) = (Runner::new(CheckSet::all()), Explored::default(), false);
        let mut tree = Exhaust::new(Bounded::new(most));
        explore(&mut runner, &file.program, &mut tree, &mut explored, &mut |_, _, outcome| {
            found |= outcome.finding().is_some();
            ControlFlow::Continue(())
        });
        assert!(found, "{name}: nothing in {explored:?}");
    }
}
