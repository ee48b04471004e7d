//! Can it happen? A claim against every execution of its program.
//!
//! A task whose next step the claim names waits until it is that step's turn; one that stands at its `until` waits to
//! be named again. Whoever is not held back runs freely. So what is searched are the completions of the claim, up to
//! where they leave it; the search is that of [`super::Prover::bounded`], under one bound after the other and at last
//! under none. No check looks on: what the checks say of a completion is asked when it is known.

mod track;

use super::analysis::Analysis;
use super::prove::{Explored, Limits, Progress, Replay};
use crate::exec::Runner;
use crate::machine::{Halted, Recorder, Sched, Trace};
use crate::prog::{Claim, ClaimFailure, ClaimLine, Program, Spot, schedule_of};
use crate::san::CheckSet;
use crate::sched::{Bounded, Exhaust, MAX_RECORDS, Persistent, Preemptions, Reduction};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use track::{Followed, Listener, State, Tracker};

/// The answer.
pub enum Judgement {
    /// It happens, as shown.
    Possible(Box<Shown>),
    /// It does not: `line` (from 0) is the first that cannot happen, and these are the ways it fails, the most telling
    /// first.
    Impossible { line: usize, ways: Vec<Way> },
    /// A limit was reached, or executions went on for ever, before there was an answer. Lines up to here happen.
    Undecided { line: usize },
}

/// One way a line fails.
pub struct Way {
    /// Executions that come to the line and end so.
    pub executions: u64,
    pub failure: ClaimFailure,
    pub shown: Shown,
}

/// One execution, recorded.
pub struct Shown {
    /// With the execution's schedule in named records, if they fit.
    pub program: Program,
    pub trace: Trace,
    /// Number of the event by which each line happened; the one of the failure last.
    pub met: Vec<u32>,
    /// The named schedule was run, and shows the claim.
    pub verified: bool,
    /// What the checks say of it.
    pub signature: Option<String>,
    /// Signature of the damage it does, if it is another finding.
    pub damage: Option<String>,
}

/// What does happen.
pub struct Nearest {
    pub claim: Claim,
    /// What was changed, in words.
    pub changes: Vec<String>,
    pub shown: Box<Shown>,
}

/// One search.
pub struct Judge<'a> {
    pub limits: Limits,
    pub stop: &'a AtomicBool,
    pub tell: &'a mut dyn FnMut(&Progress),
    pub explored: Explored,
    runner: Runner,
    started: Instant,
}

/// What is known of the best executions so far.
#[derive(Default)]
struct Best {
    line: usize,
    ways: BTreeMap<String, (u64, ClaimFailure, Vec<u8>, usize)>,
}

/// How the search under one bound ended.
enum End {
    Met(Vec<u8>),
    Exhausted,
    Stopped,
}

/// Bounds of preemptions before the search without one: simple answers come first.
const BOUNDS: [u32; 2] = [0, 1];

impl<'a> Judge<'a> {
    pub fn new(limits: Limits, stop: &'a AtomicBool, tell: &'a mut dyn FnMut(&Progress)) -> Judge<'a> {
        let runner = Runner::new(CheckSet::none());
        Judge { limits, stop, tell, explored: Explored::default(), runner, started: Instant::now() }
    }

    /// Searches the completions of `claim`; the schedule of `program` counts for nothing.
    pub fn judge(&mut self, program: &Program, claim: &Claim) -> Judgement {
        let program = Program { schedule: Default::default(), ..program.clone() };
        let tracker = Rc::new(RefCell::new(Tracker::new(Rc::new(claim.clone()))));
        let (mut reduction, mut best) = (Bounded::new(0), Best::default());
        for bound in BOUNDS {
            let mut tree = Exhaust::new(reduction.with_limit(bound)).with_gate(tracker.clone());
            match self.run(&program, &tracker, &mut tree, &mut best, Some(bound)) {
                End::Met(path) => return Judgement::Possible(Box::new(self.show(&program, claim, path))),
                End::Stopped => return Judgement::Undecided { line: best.line },
                End::Exhausted => reduction = tree.into_reduction(),
            }
        }
        // What a bound has seen stays as an example: the fewest preemptions.
        best.ways.values_mut().for_each(|w| w.0 = 0);
        self.explored = Explored::default();
        let mut tree = Exhaust::<Persistent>::default().with_gate(tracker.clone());
        match self.run(&program, &tracker, &mut tree, &mut best, None) {
            End::Met(path) => return Judgement::Possible(Box::new(self.show(&program, claim, path))),
            End::Stopped => return Judgement::Undecided { line: best.line },
            End::Exhausted => {}
        }
        if self.explored.gave_up > 0 {
            return Judgement::Undecided { line: best.line };
        }
        let mut ways: Vec<_> = best.ways.into_values().filter(|w| w.0 > 0).collect();
        ways.sort_by_key(|w| (rank(&w.1), w.3));
        let shown = ways.into_iter().map(|(executions, failure, path, _)| Way {
            executions,
            failure,
            shown: self.show(&program, claim, path),
        });
        Judgement::Impossible { line: best.line, ways: shown.collect() }
    }

    /// The claim with as little changed as makes it possible, what was changed, and an execution that shows it. `line`
    /// is the first that cannot happen as it stands.
    pub fn nearest(&mut self, program: &Program, claim: &Claim, line: usize) -> Option<Nearest> {
        for (changed, what) in changes(claim, line) {
            if let Judgement::Possible(shown) = self.judge(program, &changed) {
                return Some(Nearest { claim: changed, changes: vec![what], shown });
            }
        }
        // One change is not enough: every line that cannot happen loses what it says.
        let (mut changed, mut line, mut done) = (claim.clone(), line, Vec::new());
        loop {
            let (next, what) = relaxed(&changed, line).or_else(|| dropped(&changed, line))?;
            done.push(what);
            changed = next;
            match self.judge(program, &changed) {
                Judgement::Possible(shown) => return Some(Nearest { claim: changed, changes: done, shown }),
                Judgement::Impossible { line: at, .. } => line = at,
                Judgement::Undecided { .. } => return None,
            }
        }
    }

    fn run<R: Reduction>(
        &mut self,
        program: &Program,
        tracker: &Rc<RefCell<Tracker>>,
        tree: &mut Exhaust<R>,
        best: &mut Best,
        bound: Option<u32>,
    ) -> End {
        loop {
            let mut listener = Listener(Rc::clone(tracker));
            let (steps, halted) = self.runner.follow_before(program, tree, &mut listener);
            self.explored.steps += u64::from(steps);
            let tracker = tracker.borrow();
            match &tracker.state {
                State::Met => {
                    self.explored.executions += 1;
                    return End::Met(tree.path());
                }
                State::Failed(failure) => {
                    self.explored.executions += 1;
                    best.add(tracker.cursor, failure, tree.path());
                }
                State::Open if halted == Some(Halted::Budget) => {
                    self.explored.executions += 1;
                    self.explored.gave_up += 1;
                }
                State::Open if tree.was_cut() => self.explored.cut += 1,
                // Everything is over, the epilogue, too.
                State::Open => {
                    self.explored.executions += 1;
                    best.add(tracker.cursor, &ClaimFailure::Gone, tree.path());
                }
            }
            drop(tracker);
            let passes = tree.passes();
            if !tree.next_path() {
                return End::Exhausted;
            }
            if tree.passes() != passes {
                // What is told is what the last pass has seen.
                self.explored = Explored::default();
                best.ways.values_mut().for_each(|w| w.0 = 0);
            }
            let done = self.explored.executions + self.explored.cut;
            if done.is_multiple_of(64) {
                let elapsed = self.started.elapsed();
                (self.tell)(&Progress { explored: self.explored, share: tree.progress(), bound, elapsed });
                let late = self.limits.time.is_some_and(|t| elapsed >= t);
                if late || self.limits.runs.is_some_and(|n| done >= n) || self.stop.load(Ordering::Relaxed) {
                    return End::Stopped;
                }
            }
        }
    }

    /// Runs a path again, recorded.
    fn show(&mut self, program: &Program, claim: &Claim, path: Vec<u8>) -> Shown {
        let start = path.first().copied().unwrap_or(0);
        let (trace, met, _) = self.record(program, claim, Some(path.len()), &mut Replay::new(path));
        let schedule = schedule_of(&trace, start);
        if schedule.records.len() > MAX_RECORDS {
            return Shown { program: program.clone(), trace, met, verified: false, signature: None, damage: None };
        }
        let mut named = Program { schedule, ..program.clone() };
        named.fix_up();
        let mut own = Preemptions::default();
        own.load(&named.schedule.records);
        let (_, again, left) = self.record(&named, claim, None, &mut own);
        let found = |checks| Analysis::of(&mut Runner::new(checks), &named).signature();
        let signature = found(CheckSet::all());
        let damage = found(CheckSet::actual()).filter(|damage| Some(damage) != signature.as_ref());
        Shown { verified: left.is_none() && again == met, program: named, trace, met, signature, damage }
    }

    /// `ends`: the choices after which the search ended the execution.
    fn record(
        &mut self,
        program: &Program,
        claim: &Claim,
        ends: Option<usize>,
        sched: &mut dyn Sched,
    ) -> (Trace, Vec<u32>, Option<usize>) {
        let tracker = Rc::new(RefCell::new(Tracker::new(Rc::new(claim.clone()))));
        let mut followed = Followed::new(sched, Rc::clone(&tracker));
        followed.ends = ends;
        let mut listener = Listener(Rc::clone(&tracker));
        let mut recorder = Recorder::new(&mut listener, true);
        self.runner.observe(program, Some(&mut followed), &mut recorder);
        let (trace, left) = (recorder.trace, followed.left);
        let met = tracker.borrow().met.clone();
        (trace, met, left)
    }

    /// Lines of the claim that happen in one execution under another strategy.
    pub fn lines_in(&mut self, program: &Program, claim: &Claim, sched: &mut dyn Sched) -> usize {
        let tracker = Rc::new(RefCell::new(Tracker::new(Rc::new(claim.clone()))));
        let mut followed = Followed::new(sched, Rc::clone(&tracker));
        self.runner.observe(program, Some(&mut followed), &mut Listener(Rc::clone(&tracker)));
        followed.left.unwrap_or(tracker.borrow().cursor)
    }
}

/// The line without what it says of the outcome.
fn relaxed(claim: &Claim, line: usize) -> Option<(Claim, String)> {
    let ClaimLine::Step(who, spot, outcome) = claim.lines.get(line)? else { return None };
    if outcome.is_none() && spot.count.is_none() {
        return None;
    }
    let mut changed = claim.clone();
    let spot = Spot { count: None, ..spot.clone() };
    changed.lines[line] = ClaimLine::Step(*who, spot, None);
    Some((changed, format!("`{}` with another outcome", claim.lines[line])))
}

fn dropped(claim: &Claim, line: usize) -> Option<(Claim, String)> {
    let mut changed = claim.clone();
    if changed.lines.len() < 2 || line >= changed.lines.len() {
        return None;
    }
    let gone = changed.lines.remove(line);
    Some((changed, format!("without `{gone}`")))
}

/// The line somewhere else.
fn moved(claim: &Claim, line: usize, to: usize) -> (Claim, String) {
    let mut changed = claim.clone();
    let moved = changed.lines.remove(line);
    let what = match changed.lines.get(to) {
        Some(next) => format!("`{moved}` before `{next}`"),
        None => format!("`{moved}` at the end"),
    };
    changed.lines.insert(to, moved);
    (changed, what)
}

/// Claims that differ in one thing, the least first.
fn changes(claim: &Claim, line: usize) -> Vec<(Claim, String)> {
    let mut all: Vec<(Claim, String)> = relaxed(claim, line).into_iter().collect();
    if matches!(claim.lines.get(line), Some(ClaimLine::Step(..))) {
        all.extend((0..claim.lines.len()).filter(|to| *to != line).map(|to| moved(claim, line, to)));
    }
    all.extend(dropped(claim, line));
    all
}

impl Best {
    fn add(&mut self, line: usize, failure: &ClaimFailure, path: Vec<u8>) {
        if line < self.line {
            return;
        }
        if line > self.line {
            (self.line, self.ways) = (line, BTreeMap::new());
        }
        let order = self.ways.len();
        let way = self.ways.entry(key(failure)).or_insert_with(|| (0, failure.clone(), path, order));
        way.0 += 1;
    }
}

/// What tells ways apart.
fn key(failure: &ClaimFailure) -> String {
    match failure {
        ClaimFailure::Outcome(e) => format!("{:?} {} {} {}", e.kind, e.obj, e.old, e.new),
        ClaimFailure::State(wrong) => wrong.join(", "),
        ClaimFailure::Gone => "gone".to_string(),
        ClaimFailure::Later(line) => format!("later {line}"),
        ClaimFailure::Waits(obj) => format!("waits {obj:?}"),
    }
}

/// What was made and came out otherwise says most.
fn rank(failure: &ClaimFailure) -> u8 {
    match failure {
        ClaimFailure::Outcome(_) | ClaimFailure::State(_) => 0,
        ClaimFailure::Later(_) => 1,
        ClaimFailure::Waits(_) => 2,
        ClaimFailure::Gone => 3,
    }
}
