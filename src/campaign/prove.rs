//! Every interleaving of one program.

use super::analysis::Analysis;
use super::finals::{Finals, Saved};
use crate::exec::{Outcome, Run, Runner};
use crate::machine::{Machine, Sched, Why};
use crate::prog::{Condition, Program, schedule_of};
use crate::sched::{Bounded, Dpor, Exhaust, MAX_RECORDS, Reduction};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What an exhaustive search has done so far.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explored {
    /// Executions that ran to their end. Without a bound, no two of them have the same happens-before.
    pub executions: u64,
    /// Executions cut short because the rest of them had been run before.
    pub cut: u64,
    /// Executions in which tasks went on for ever: they used the step budget up.
    pub gave_up: u64,
    /// Scheduling points, of all of these.
    pub steps: u64,
}

/// How far to search.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    /// Preemptions; none: every interleaving.
    pub preemptions: Option<u32>,
    /// Executions, those cut short included.
    pub runs: Option<u64>,
    pub time: Option<Duration>,
}

/// What came of a search.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// No interleaving shows a finding.
    Proved,
    /// None with at most so many preemptions does.
    Bounded(u32),
    /// This one does. The schedule has as few preemptions as there can be, if the search for that ended.
    Found { program: Box<Program>, signature: String, preemptions: u32 },
    /// A limit was reached, or the stop flag raised. `bound`: no finding with at most so many preemptions.
    Stopped { bound: Option<u32> },
    /// Some executions went on for ever, the others showed nothing.
    GaveUp,
}

/// Where a search stands: what [`Prover::resume`] goes on from.
#[derive(Serialize, Deserialize)]
pub struct Position {
    /// The program in text, with its model: what the position belongs to.
    program: String,
    explored: Explored,
    /// The position of a search without a bound.
    nodes: Option<serde_json::Value>,
    /// Bounds that are done.
    bounds: u32,
    /// Final states met so far.
    finals: Option<Saved>,
}

/// A search in progress.
pub struct Progress {
    pub explored: Explored,
    /// The part of the tree that is done, from 0 to 1: an estimate.
    pub share: f64,
    /// The preemption bound being searched.
    pub bound: Option<u32>,
    pub elapsed: Duration,
}

/// One search.
pub struct Prover<'a> {
    pub runner: &'a mut Runner,
    pub limits: Limits,
    pub stop: &'a AtomicBool,
    pub tell: &'a mut dyn FnMut(&Progress),
    pub explored: Explored,
    /// The final states, if there is a condition on them.
    pub finals: Finals,
    started: Instant,
    /// Bounds that are done: 1 is the bound of no preemption.
    bounds: u32,
    saved: Option<serde_json::Value>,
}

/// How the paths of one tree ended.
enum End {
    /// All have been run.
    Exhausted,
    Found(Vec<u8>),
    Stopped,
}

/// What a search looks for.
#[derive(Clone, Copy)]
enum Wanted<'w> {
    /// A finding.
    Finding,
    /// A finding with this signature, or with this `check/kind`.
    Signature(&'w str),
    /// A final state that settles the question of the condition.
    FinalState,
}

/// Repeats the choices of a path.
pub struct Replay {
    path: Vec<u8>,
    at: usize,
}

impl Replay {
    pub fn new(path: Vec<u8>) -> Replay {
        Replay { path, at: 0 }
    }

    fn next(&mut self, m: &Machine, cur: usize, runnable: u32) -> usize {
        let next = self.path.get(self.at).map(|t| *t as usize).filter(|t| runnable >> t & 1 != 0);
        self.at += 1;
        next.unwrap_or_else(|| m.default_choice(cur, runnable))
    }
}

impl Sched for Replay {
    fn start(&mut self, m: &Machine, cpu: usize) -> usize {
        self.at = 0;
        self.next(m, cpu, m.runnable())
    }

    fn pick(&mut self, m: &Machine, _: Why, cur: usize, runnable: u32) -> usize {
        self.next(m, cur, runnable)
    }
}

/// Counts the preemptions of another strategy.
pub struct Preempted<'a> {
    inner: &'a mut dyn Sched,
    pub count: u32,
}

impl<'a> Preempted<'a> {
    pub fn new(inner: &'a mut dyn Sched) -> Preempted<'a> {
        Preempted { inner, count: 0 }
    }
}

impl Sched for Preempted<'_> {
    fn start(&mut self, m: &Machine, cpu: usize) -> usize {
        self.inner.start(m, cpu)
    }

    fn pick(&mut self, m: &Machine, why: Why, cur: usize, runnable: u32) -> usize {
        let next = self.inner.pick(m, why, cur, runnable);
        self.count += u32::from(why == Why::Point && next != cur && !m.would_block(cur));
        next
    }
}

impl<'a> Prover<'a> {
    pub fn new(
        runner: &'a mut Runner,
        limits: Limits,
        stop: &'a AtomicBool,
        tell: &'a mut dyn FnMut(&Progress),
    ) -> Prover<'a> {
        let (explored, started) = (Explored::default(), Instant::now());
        let finals = Finals::default();
        Prover { runner, limits, stop, tell, explored, finals, started, bounds: 0, saved: None }
    }

    /// Counts the final states of which `condition` is true, and the others.
    pub fn ask(&mut self, condition: Option<Condition>) {
        self.finals = Finals::new(condition);
        self.finals.watch(self.runner);
    }

    /// Goes on from where another search of `program` stood; false if `saved` is not of this program, or was asked
    /// something else.
    pub fn resume(&mut self, program: &Program, saved: Position) -> bool {
        if saved.program != text_of(program) || !self.finals.restore(saved.finals.unwrap_or_default()) {
            return false;
        }
        self.explored = saved.explored;
        self.bounds = saved.bounds;
        self.saved = saved.nodes;
        true
    }

    /// Where the search stands.
    pub fn saved(&self, program: &Program) -> Position {
        let (explored, bounds) = (self.explored, self.bounds);
        // Under a bound the next pass meets all states of those before it again.
        let finals = self.finals.condition().map(|_| match self.limits.preemptions {
            Some(_) => Finals::new(self.finals.condition().cloned()).save(),
            None => self.finals.save(),
        });
        Position { program: text_of(program), explored, nodes: self.saved.clone(), bounds, finals }
    }

    /// Searches the interleavings of `program`; its own schedule counts for nothing.
    pub fn prove(&mut self, program: &Program) -> Verdict {
        match self.limits.preemptions {
            Some(most) => self.bounded(program, most, None),
            None => self.unbounded(program),
        }
    }

    fn unbounded(&mut self, program: &Program) -> Verdict {
        let mut tree = Exhaust::<Dpor>::default();
        if let Some(nodes) = self.saved.take().and_then(|n| serde_json::from_value(n).ok()) {
            tree.resume(nodes);
        }
        match self.run(program, &mut tree, None, Wanted::Finding) {
            End::Exhausted if self.explored.gave_up > 0 => Verdict::GaveUp,
            End::Exhausted => Verdict::Proved,
            End::Found(path) => self.simplest(program, path),
            End::Stopped => {
                self.saved = serde_json::to_value(tree.nodes()).ok();
                Verdict::Stopped { bound: None }
            }
        }
    }

    /// Searches up to `most` preemptions, one bound after the other, for any finding or for `wanted`: a signature, or
    /// its `check/kind`.
    pub fn bounded(&mut self, program: &Program, most: u32, wanted: Option<&str>) -> Verdict {
        let wanted = wanted.map_or(Wanted::Finding, Wanted::Signature);
        match self.first(program, most, wanted) {
            End::Exhausted => Verdict::Bounded(most),
            End::Found(path) => self.found(program, path),
            End::Stopped => Verdict::Stopped { bound: self.bounds.checked_sub(1) },
        }
    }

    /// The first path with what is wanted, one bound after the other up to `most` preemptions.
    fn first(&mut self, program: &Program, most: u32, wanted: Wanted<'_>) -> End {
        let mut reduction = Bounded::new(0);
        for bound in self.bounds..=most {
            let mut tree = Exhaust::new(reduction.with_limit(bound));
            match self.run(program, &mut tree, Some(bound), wanted) {
                End::Exhausted => self.bounds = bound + 1,
                end => return end,
            }
            reduction = tree.into_reduction();
        }
        End::Exhausted
    }

    /// A finding is known: the one with the fewest preemptions, if it can be had soon.
    fn simplest(&mut self, program: &Program, path: Vec<u8>) -> Verdict {
        let Verdict::Found { preemptions, signature, program: known } = self.found(program, path) else {
            return Verdict::GaveUp;
        };
        match self.simpler(program, preemptions, Wanted::Signature(&signature)).map(|path| self.found(program, path)) {
            Some(simpler @ Verdict::Found { .. }) => simpler,
            _ => Verdict::Found { program: known, signature, preemptions },
        }
    }

    /// A path with what is wanted and fewer preemptions, if there is one that can be had soon. It does not count.
    fn simpler(&mut self, program: &Program, preemptions: u32, wanted: Wanted<'_>) -> Option<Vec<u8>> {
        let most = preemptions.checked_sub(1)?;
        let (explored, bounds) = (self.explored, std::mem::take(&mut self.bounds));
        let soon = Limits { runs: Some(explored.executions + explored.cut + SIMPLIFY), ..Limits::default() };
        let limits = std::mem::replace(&mut self.limits, soon);
        let end = self.first(program, most, wanted);
        (self.limits, self.explored, self.bounds) = (limits, explored, bounds);
        if let End::Found(path) = end { Some(path) } else { None }
    }

    /// An execution that settles the question of the condition, as a program with a schedule of named records: a
    /// witness, or a counterexample. Then its preemptions, as few as could be found soon.
    pub fn example(&mut self, program: &Program) -> Option<(Program, u32)> {
        let known = self.finals.example.clone().and_then(|path| self.shown(program, path))?;
        let simpler = self.simpler(program, known.1, Wanted::FinalState);
        let simpler = simpler.and_then(|path| self.shown(program, path)).filter(|(p, _)| self.is_example(p));
        simpler.or(Some(known).filter(|(p, _)| self.is_example(p)))
    }

    fn is_example(&mut self, program: &Program) -> bool {
        self.runner.run(program);
        self.finals.settled_by(self.runner)
    }

    fn run<R: Reduction>(
        &mut self,
        program: &Program,
        tree: &mut Exhaust<R>,
        bound: Option<u32>,
        wanted: Wanted<'_>,
    ) -> End {
        loop {
            let run = self.runner.follow(program, tree);
            self.explored.add(&run, tree.was_cut());
            if !tree.was_cut() && run.outcome.finding().is_none() && matches!(wanted, Wanted::Finding) {
                self.finals.add(self.runner, || tree.class(), bound.is_some(), || tree.path());
            }
            let hit = match wanted {
                Wanted::FinalState => !tree.was_cut() && self.finals.settled_by(self.runner),
                Wanted::Finding => run.outcome.finding().is_some(),
                Wanted::Signature(signature) => self.has_signature(program, tree, &run, signature),
            };
            if hit {
                return End::Found(tree.path());
            }
            if !tree.next_path() {
                return End::Exhausted;
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

    /// Whether the finding has the signature asked for.
    fn has_signature<R: Reduction>(&mut self, program: &Program, tree: &Exhaust<R>, run: &Run, wanted: &str) -> bool {
        let class = wanted.split(':').next().and_then(|class| class.split_once('/'));
        if class != run.outcome.finding().map(|f| (f.check, f.kind)) {
            return false;
        }
        let shown = self.found(program, tree.path());
        let same = |s: &str| s == wanted || s.split(':').next() == Some(wanted);
        matches!(shown, Verdict::Found { signature, .. } if same(&signature))
    }

    /// The path as a program with a schedule of named records, and its preemptions.
    fn shown(&mut self, program: &Program, path: Vec<u8>) -> Option<(Program, u32)> {
        let start = path.first().copied().unwrap_or(0);
        let mut replay = Replay::new(path);
        let mut counted = Preempted::new(&mut replay);
        let mut started = program.clone();
        started.schedule.start = start;
        let recorded = self.runner.record_with(&started, &mut counted, true);
        let preemptions = counted.count;
        let schedule = schedule_of(&recorded.trace, start);
        if schedule.records.len() > MAX_RECORDS {
            return None;
        }
        let mut shown = Program { schedule, ..program.clone() };
        shown.fix_up();
        Some((shown, preemptions))
    }

    /// The path as a program that shows its finding.
    fn found(&mut self, program: &Program, path: Vec<u8>) -> Verdict {
        let Some((shown, preemptions)) = self.shown(program, path) else { return Verdict::GaveUp };
        let signature = Analysis::of(self.runner, &shown).signature();
        match signature {
            Some(signature) => Verdict::Found { program: Box::new(shown), signature, preemptions },
            None => Verdict::GaveUp,
        }
    }
}

/// Executions spent on a counterexample with fewer preemptions.
const SIMPLIFY: u64 = 300_000;

fn text_of(program: &Program) -> String {
    let mut bare = program.clone();
    bare.schedule = Default::default();
    format!("{bare:?}")
}

impl Explored {
    fn add(&mut self, run: &Run, cut: bool) {
        self.steps += u64::from(run.steps);
        if cut {
            self.cut += 1;
        } else {
            self.executions += 1;
            self.gave_up += u64::from(matches!(run.outcome, Outcome::GaveUp(_)));
        }
    }
}

/// What is told of an execution that was not cut short.
pub type Each<'a, R> = dyn FnMut(&Runner, &Exhaust<R>, &Outcome) -> ControlFlow<()> + 'a;

/// Runs the interleavings of `program` one after the other, of each class with the same happens-before one. `each` is
/// told what came of those that were not cut short, and may end the search. Returns true if none is left.
pub fn explore<R: Reduction>(
    runner: &mut Runner,
    program: &Program,
    tree: &mut Exhaust<R>,
    explored: &mut Explored,
    each: &mut Each<'_, R>,
) -> bool {
    loop {
        let run = runner.follow(program, tree);
        explored.add(&run, tree.was_cut());
        if !tree.was_cut() && each(runner, tree, &run.outcome).is_break() {
            return false;
        }
        if !tree.next_path() {
            return true;
        }
    }
}
