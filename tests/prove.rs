//! Exhaustive search against plain enumeration of every schedule, on the programs in tests/prove/.

mod common;

use common::plain::Plain;
use foliofuzz::campaign::{Explored, Finals, Limits, Position, Prover, Verdict, explore, word_of};
use foliofuzz::exec::{Outcome, Runner};
use foliofuzz::prog::{Condition, Expr, File, Program};
use foliofuzz::san::CheckSet;
use foliofuzz::sched::{Bounded, Dpor, Exhaust, RandomWalk, Reduction};
use foliofuzz::vocab::Obj;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;

/// Schedules one program may have.
const MOST: u64 = 180_000;

/// What a search has come upon.
#[derive(Default)]
struct Seen {
    /// Executions that ended, their happens-before classes, and the memory they left.
    ended: u64,
    classes: BTreeSet<u64>,
    finals: BTreeSet<u64>,
    findings: BTreeSet<String>,
}

impl Seen {
    fn add(&mut self, runner: &Runner, outcome: &Outcome, class: u64) {
        match outcome {
            Outcome::Found(f) => drop(self.findings.insert(format!("{}/{}", f.check, f.kind))),
            Outcome::Clean => {
                self.ended += 1;
                self.classes.insert(class);
                let words = (0..Obj::COUNT).map(|i| runner.word(Obj(i as u16)));
                self.finals
                    .insert(words.fold(7, |h, w| (h ^ w).wrapping_mul(0x9E37_79B9_7F4A_7C15u64).rotate_left(29)));
            }
            Outcome::GaveUp(_) => panic!("an execution without an end"),
        }
    }

    fn all(&self) -> (&BTreeSet<u64>, &BTreeSet<u64>, &BTreeSet<String>) {
        (&self.classes, &self.finals, &self.findings)
    }
}

fn enumerate(program: &Program, limit: Option<u32>) -> (u64, Seen) {
    let mut runner = Runner::new(CheckSet::all());
    let (mut plain, mut seen, mut schedules) = (Plain::with_limit(limit), Seen::default(), 0);
    loop {
        let (run, class) = runner.run_observed(program, &mut plain);
        seen.add(&runner, &run.outcome, class);
        schedules += 1;
        assert!(schedules <= MOST, "more than {MOST} schedules");
        if !plain.next_path() {
            return (schedules, seen);
        }
    }
}

/// All paths of a reduction; none stops at a finding.
fn search<R: Reduction>(program: &Program, mut tree: Exhaust<R>) -> (Explored, Seen) {
    let mut runner = Runner::new(CheckSet::all());
    let (mut explored, mut seen) = (Explored::default(), Seen::default());
    explore(&mut runner, program, &mut tree, &mut explored, &mut |runner, tree, outcome| {
        seen.add(runner, outcome, tree.class());
        ControlFlow::Continue(())
    });
    (explored, seen)
}

/// Name and text of each program; those with a bug, or those without.
fn programs(with_bug: bool) -> Vec<(String, File)> {
    let named = |path: std::path::PathBuf| {
        let name = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        (name, common::load(&path))
    };
    let has_bug = |name: &str| name.starts_with("bug_");
    common::programs("tests/prove").into_iter().map(named).filter(|p| has_bug(&p.0) == with_bug).collect()
}

fn print(name: &str, schedules: u64, explored: Explored, seen: &Seen) {
    println!(
        "{name}: {schedules} schedules, {} classes, {} final states; {} executions, {} cut {:?}",
        seen.classes.len(),
        seen.finals.len(),
        explored.executions,
        explored.cut,
        seen.findings
    );
}

/// One execution of each class, and every final state.
#[test]
fn the_reduction_runs_every_class_once() {
    let programs = programs(false);
    assert!(programs.len() >= 24);
    for (name, file) in programs {
        let (schedules, plain) = enumerate(&file.program, None);
        let (explored, reduced) = search(&file.program, Exhaust::<Dpor>::default());
        print(&name, schedules, explored, &plain);
        assert!(plain.findings.is_empty(), "{name}: {:?}", plain.findings);
        assert_eq!(reduced.all(), plain.all(), "{name}");
        assert_eq!(explored.executions, plain.classes.len() as u64, "{name}: a class was run twice");
        // Whatever is left over after waiting is the main task's, alone.
        assert_eq!(explored.gave_up, 0, "{name}");
    }
}

/// Where there is something to find, it is found. A finding ends its execution, so the steps behind it are never seen
/// to race with anything: what other kinds there are, and the classes of the executions that end well, need not all
/// come up. Here the kinds do.
#[test]
fn the_reduction_finds_what_all_schedules_find() {
    let programs = programs(true);
    assert!(programs.len() >= 6);
    for (name, file) in programs {
        let (schedules, plain) = enumerate(&file.program, None);
        let (explored, reduced) = search(&file.program, Exhaust::<Dpor>::default());
        print(&name, schedules, explored, &plain);
        assert!(!plain.findings.is_empty(), "{name}: nothing to find");
        assert_eq!(reduced.findings, plain.findings, "{name}");
        assert!(reduced.classes.is_subset(&plain.classes) && reduced.finals.is_subset(&plain.finals), "{name}");
        assert_eq!(reduced.ended, reduced.classes.len() as u64, "{name}: a class was run twice");
    }
}

/// A bound finds what the schedules with no more preemptions find.
#[test]
fn a_bound_finds_what_its_schedules_find() {
    let with_bug = programs(true).into_iter().map(|p| (true, p));
    for (bug, (name, file)) in with_bug.chain(programs(false).into_iter().map(|p| (false, p))) {
        let mut reduction = Bounded::new(0);
        for limit in 0..=2 {
            let (schedules, plain) = enumerate(&file.program, Some(limit));
            let mut tree = Exhaust::new(reduction.with_limit(limit));
            let (mut runner, mut explored, mut seen) =
                (Runner::new(CheckSet::all()), Explored::default(), Seen::default());
            explore(&mut runner, &file.program, &mut tree, &mut explored, &mut |runner, tree, outcome| {
                seen.add(runner, outcome, tree.class());
                ControlFlow::Continue(())
            });
            reduction = tree.into_reduction();
            print(&format!("{name}, {limit} preemptions"), schedules, explored, &plain);
            assert_eq!(seen.findings, plain.findings, "{name}, {limit} preemptions");
            assert_eq!(seen.finals, plain.finals, "{name}, {limit} preemptions");
            let odd = if bug { 0 } else { seen.classes.symmetric_difference(&plain.classes).count() };
            assert_eq!(
                odd,
                0,
                "{name}, {limit} preemptions: {} classes, not {}",
                seen.classes.len(),
                plain.classes.len()
            );
        }
    }
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

/// A search that is stopped again and again, its position kept as JSON, comes to the same as one that is not.
#[test]
fn a_search_goes_on_where_it_stood() {
    let program = common::load(&common::root().join("tests/prove/references_kept.mm")).program;
    let program = Program {
        cpus: [&program.cpus[0][..1], &program.cpus[0], &program.cpus[1][..1], &[]].map(|ops| ops.to_vec()),
        ..program
    };
    let (stop, mut stopped, mut saved) = (AtomicBool::new(false), 0, None::<String>);
    let whole = search(&program, Exhaust::<Dpor>::default()).0;
    loop {
        let mut runner = Runner::new(CheckSet::all());
        let mut tell = |_: &foliofuzz::campaign::Progress| {};
        let limits = Limits { runs: Some(whole.executions / 4 * (stopped + 1)), ..Limits::default() };
        let mut prover = Prover::new(&mut runner, limits, &stop, &mut tell);
        if let Some(text) = &saved {
            let position: Position = serde_json::from_str(text).expect("a position");
            assert!(prover.resume(&program, position));
        }
        match prover.prove(&program) {
            Verdict::Stopped { bound: None } => stopped += 1,
            verdict => {
                assert_eq!(verdict, Verdict::Proved);
                assert_eq!(prover.explored, whole);
                break;
            }
        }
        saved = serde_json::to_string(&prover.saved(&program)).ok();
    }
    assert!(stopped >= 3, "{whole:?} was stopped {stopped} times");
    let other = common::load(&common::root().join("corpus/seeds/lock_waiters.mm")).program;
    let (mut runner, mut tell) = (Runner::new(CheckSet::all()), |_: &foliofuzz::campaign::Progress| {});
    let position = serde_json::from_str(&saved.expect("a text")).expect("a position");
    assert!(!Prover::new(&mut runner, Limits::default(), &stop, &mut tell).resume(&other, position));
}

/// A slot that stays claimed for ever, and two faults that ask for it again and again.
const SPINNERS: &str = "# foliofuzz repro v1\nmodel: v6.12\nbug: mutant_swapin_keeps_slot\n\n\
                        init\n  v0 = vma(p0, 1..2, anon)\n  s1 = swap(p0, addr=1)\n\n\
                        cpu0\n  user_write(p0, 1)\ncpu1\n  user_write(p0, 1)\ncpu2\n  user_write(p0, 1)\n";

/// Tasks that spin are let be until something they look at changes: no execution uses its budget up.
#[test]
fn spinning_tasks_come_to_an_end() {
    let file = File::parse(SPINNERS.as_bytes()).expect("valid");
    let (explored, seen) = search(&file.program, Exhaust::new(Bounded::new(1)));
    println!("{explored:?} {:?}", seen.findings);
    assert!(seen.findings.contains("progress/no-progress") && explored.gave_up == 0);
}

/// Two spinners that are let go together, of which a strategy chooses the other one first.
#[test]
fn spinners_that_were_let_go_can_be_chosen() {
    let file = File::parse(SPINNERS.as_bytes()).expect("valid");
    let mut runner = Runner::new(CheckSet::all());
    let mut stuck = 0;
    for seed in 0..300 {
        let run = runner.run_with(&file.program, &mut RandomWalk::new(seed, 20_000));
        assert!(!matches!(run.outcome, Outcome::GaveUp(_)), "seed {seed}");
        stuck += u32::from(run.outcome.finding().is_some_and(|f| f.kind == "no-progress"));
    }
    assert!(stuck >= 10, "stuck {stuck} times");
}

// ----- conditions on the final state -----

/// Final states as a condition shows them, with the classes that end in each.
type States = std::collections::BTreeMap<String, BTreeSet<u64>>;

/// What every schedule leads to.
fn enumerate_states(program: &Program, condition: &Condition) -> States {
    let mut runner = Runner::new(CheckSet::parse("none").expect("a set"));
    runner.watch_final(condition.expr.cells());
    let (mut plain, mut states) = (Plain::default(), States::new());
    loop {
        let (_, class) = runner.run_observed(program, &mut plain);
        let words = runner.final_words().expect("an end").to_vec();
        states.entry(condition.expr.state(&|obj| word_of(&words, obj))).or_default().insert(class);
        if !plain.next_path() {
            return states;
        }
    }
}

fn prove(program: &Program, condition: &Condition, limits: Limits) -> (Verdict, Finals, Option<Program>) {
    let (mut runner, stop) = (Runner::new(CheckSet::parse("none").expect("a set")), AtomicBool::new(false));
    let mut tell = |_: &foliofuzz::campaign::Progress| {};
    let mut prover = Prover::new(&mut runner, limits, &stop, &mut tell);
    prover.ask(Some(condition.clone()));
    let verdict = prover.prove(program);
    let example = prover.example(program).map(|e| e.0);
    (verdict, std::mem::take(&mut prover.finals), example)
}

fn condition(text: &str) -> Condition {
    let (quantifier, rest) = Condition::split(text).expect("a quantifier");
    Condition { quantifier, expr: Expr::parse(rest).expect(rest) }
}

/// Every final state with its number of classes, by the reduction as by plain enumeration; under a bound that lets all
/// executions in, too. Among the programs are some whose service tasks write what the condition looks at.
#[test]
fn final_states_are_counted_as_all_schedules_have_them() {
    let asked = [
        ("truncate_against_lookup", "exists F0.ref = 0 /\\ F0.mapping = NULL"),
        ("evict_rcu", "exists m0.freeing /\\ F0.free"),
        ("writeback_completes", "exists F0.writeback \\/ F0.ref = 2"),
        ("exit_against_fault", "exists p0.pte[0] = none /\\ p0.mm_users = 0"),
        ("accessed_against_lookup", "exists F0.active /\\ F0.referenced"),
        ("mlock_against_munlock_page", "exists F0.mlocked \\/ F0.mlock_count != 0"),
    ];
    let mut several = 0;
    for (name, text) in asked {
        let program = common::load(&common::root().join(format!("tests/prove/{name}.mm"))).program;
        let condition = condition(text);
        let plain = enumerate_states(&program, &condition);
        let (verdict, finals, _) = prove(&program, &condition, Limits::default());
        println!("{name}: {verdict:?} {:?}", finals.states());
        assert_eq!(verdict, Verdict::Proved, "{name}");
        let counted = |finals: &Finals| -> std::collections::BTreeMap<String, u64> {
            finals.states().into_iter().map(|s| (s.text, s.executions)).collect()
        };
        let expected = plain.iter().map(|(s, classes)| (s.clone(), classes.len() as u64)).collect();
        assert_eq!(counted(&finals), expected, "{name}");
        let (_, bounded, _) = prove(&program, &condition, Limits { preemptions: Some(8), ..Limits::default() });
        assert_eq!(counted(&bounded), expected, "{name}, with up to 8 preemptions");
        several += usize::from(plain.len() > 1);
    }
    assert!(several >= 2, "{several} programs have more than one final state");
}

/// The answers of the three quantifiers, each with an execution that shows it.
#[test]
fn conditions_are_answered_with_an_execution() {
    let program = common::load(&common::root().join("tests/prove/truncate_against_lookup.mm")).program;
    let ask = |text: &str| {
        let condition = condition(text);
        let (verdict, finals, example) = prove(&program, &condition, Limits::default());
        assert_eq!(verdict, Verdict::Proved);
        let validated = condition.validated(finals.positive, finals.negative);
        if let Some(example) = &example {
            let mut runner = Runner::new(CheckSet::all());
            runner.watch_final(condition.expr.cells());
            runner.run(example);
            let words = runner.final_words().expect("an end");
            let holds = condition.expr.holds(&|obj| word_of(words, obj));
            assert!(condition.settles(holds), "{text}");
        }
        (validated, example.is_some())
    };
    assert_eq!(ask("exists F0.mapping = NULL"), (true, true));
    assert_eq!(ask("exists F0.ref = 7"), (false, false));
    assert_eq!(ask("~exists F0.mapping = NULL"), (false, true));
    assert_eq!(ask("~exists F0.ref = 7"), (true, false));
    assert_eq!(ask("forall F0.ref < 7"), (true, false));
    assert_eq!(ask("forall F0.ref = 7"), (false, true));
}

/// Counts go on where a stopped search stood, and a search that was asked something else is told apart.
#[test]
fn counts_go_on_where_they_stood() {
    let program = common::load(&common::root().join("tests/prove/references_kept.mm")).program;
    let asked = condition("exists F0.ref = 1");
    let whole = prove(&program, &asked, Limits::default()).1;
    let (mut saved, mut stopped) = (None::<String>, 0);
    loop {
        let (mut runner, stop) = (Runner::new(CheckSet::parse("none").expect("a set")), AtomicBool::new(false));
        let mut tell = |_: &foliofuzz::campaign::Progress| {};
        let limits = Limits { runs: Some(64 * (stopped + 1)), ..Limits::default() };
        let mut prover = Prover::new(&mut runner, limits, &stop, &mut tell);
        if let Some(text) = &saved {
            prover.ask(Some(condition("exists F0.ref = 2")));
            assert!(!prover.resume(&program, serde_json::from_str(text).expect("a position")));
            prover.ask(Some(asked.clone()));
            assert!(prover.resume(&program, serde_json::from_str(text).expect("a position")));
        } else {
            prover.ask(Some(asked.clone()));
        }
        if let Verdict::Proved = prover.prove(&program) {
            assert_eq!(prover.finals.states(), whole.states());
            break;
        }
        stopped += 1;
        saved = serde_json::to_string(&prover.saved(&program)).ok();
    }
    assert!(stopped >= 1, "{:?} was never stopped", whole.states());
}
