//! One program, one execution, one outcome.

use super::engine::Engine;
use super::feedback::Feedback;
use crate::machine::{Halted, Machine, Recorder, Sched, Sink, Trace, Why};
use crate::prog::Program;
use crate::san::{CheckSet, Finding, NearMiss, San};
use crate::sched::{Causality, Exhaust, Observed, Passage, Passing, Preemptions, Reduction};
use crate::vocab::{Event, Field, Kind, Note, OPS_PER_CPU, Obj, TASKS, Topics};

/// Scheduling points after which an execution is given up. The longest programs take a few hundred.
pub const STEP_BUDGET: u32 = 20_000;

/// As [`STEP_BUDGET`], for exhaustive search, which comes to the longest executions there are.
const PATH_BUDGET: u32 = 4_000;

/// Which budget ran out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Limit {
    Steps,
}

/// How an execution ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    Clean,
    Found(Finding),
    /// A budget ran out: neither clean nor a finding.
    GaveUp(Limit),
}

impl Outcome {
    pub fn finding(&self) -> Option<&Finding> {
        if let Outcome::Found(f) = self { Some(f) } else { None }
    }
}

/// What one execution tells.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    pub outcome: Outcome,
    /// Scheduling points.
    pub steps: u32,
    /// Hash of the context switches: executions of one program with equal hashes are the same.
    pub interleaving: u64,
}

/// An execution with everything it did.
pub struct Recorded {
    pub outcome: Outcome,
    pub trace: Trace,
}

/// Runs programs. Not `Send`: one per thread.
pub struct Runner {
    engine: Engine,
    watch: Watch,
    preemptions: Preemptions,
    past: Causality,
}

impl Runner {
    pub fn new(checks: CheckSet) -> Runner {
        Runner::with(San::new(checks, false))
    }

    /// Whose near misses ([`Runner::near_misses`]) are also of what is no more than a chance.
    pub fn aiming(checks: CheckSet) -> Runner {
        Runner::with(San::new(checks, true))
    }

    fn with(san: San) -> Runner {
        let topics = san.topics().note(Note::OpEnd);
        let watch = Watch {
            san,
            found: None,
            feedback: None,
            interleaving: 0,
            lengths: [[0; OPS_PER_CPU + 2]; TASKS],
            topics,
            cells: Vec::new(),
            finals: Vec::new(),
        };
        Runner { engine: Engine::new(), watch, preemptions: Preemptions::default(), past: Causality::default() }
    }

    /// Counts interleaving windows in `feedback` from now on.
    pub fn set_feedback(&mut self, feedback: Feedback) {
        self.watch.topics = self.watch.topics.and(Feedback::topics());
        self.watch.feedback = Some(feedback);
    }

    /// The feedback of [`Runner::set_feedback`].
    pub fn feedback(&mut self) -> Option<&mut Feedback> {
        self.watch.feedback.as_mut()
    }

    /// Remembers these bits of these cells when the last operation of every CPU has ended, in the executions from now
    /// on. It is a read of the main task's: exhaustive strategies order it with what service tasks still write.
    pub fn watch_final(&mut self, cells: Vec<(Obj, u64)>) {
        self.watch.cells = cells;
        self.watch.topics = self.watch.topics.note(Note::OpBegin);
    }

    /// The cells of [`Runner::watch_final`] in the last execution; `None` if its operations did not all end.
    pub fn final_words(&self) -> Option<&[(Obj, u64)]> {
        Some(self.watch.finals.as_slice()).filter(|words| !words.is_empty())
    }

    /// Executes `program` with its own schedule.
    pub fn run(&mut self, program: &Program) -> Run {
        self.preemptions.load(&program.schedule.records);
        self.watch.reset(program);
        let (sched, watch) = (&mut self.preemptions, &mut self.watch);
        let topics = watch.topics;
        let halted = self.engine.run(program, STEP_BUDGET, sched, watch, topics);
        self.finish(halted)
    }

    /// As [`Runner::run`], noting in `passage` what the tasks access.
    pub fn run_noting(&mut self, program: &Program, passage: &mut Passage) -> Run {
        self.preemptions.load(&program.schedule.records);
        self.watch.reset(program);
        passage.clear();
        let (mut sched, watch) = (Passing { inner: &mut self.preemptions, passage }, &mut self.watch);
        let topics = watch.topics;
        let halted = self.engine.run(program, STEP_BUDGET, &mut sched, watch, topics);
        self.finish(halted)
    }

    /// Executes `program` with its own schedule, or under another strategy, before `sink` alone: no check looks at it.
    /// The sink is also told every point and every function entered.
    pub fn observe(&mut self, program: &Program, sched: Option<&mut dyn Sched>, sink: &mut dyn Sink) -> Option<Halted> {
        self.preemptions.load(&program.schedule.records);
        let sched = match sched {
            Some(sched) => sched,
            None => &mut self.preemptions,
        };
        self.engine.machine().set_recording(true);
        let halted = self.engine.run(program, STEP_BUDGET, sched, sink, Topics::ALL);
        self.engine.machine().set_recording(false);
        halted
    }

    /// Executes `program` under another strategy; only its `start` is taken from its schedule.
    pub fn run_with(&mut self, program: &Program, sched: &mut dyn Sched) -> Run {
        self.watch.reset(program);
        let topics = self.watch.topics;
        let halted = self.engine.run(program, STEP_BUDGET, sched, &mut self.watch, topics);
        self.finish(halted)
    }

    /// Executes `program` on the path an exhaustive strategy is on.
    pub fn follow<R: Reduction>(&mut self, program: &Program, sched: &mut Exhaust<R>) -> Run {
        self.watch.reset(program);
        let topics = self.watch.topics;
        let halted = self.engine.run(program, PATH_BUDGET, sched, &mut self.watch, topics);
        let machine = self.engine.machine();
        sched.ended(machine);
        machine.set_tracing(false);
        self.finish(halted)
    }

    /// As [`Runner::follow`], before `sink` alone: no check looks on. The sink is also told every function entered.
    /// Returns the scheduling points, and why the execution was cut short, if it was.
    pub fn follow_before<R: Reduction>(
        &mut self,
        program: &Program,
        sched: &mut Exhaust<R>,
        sink: &mut dyn Sink,
    ) -> (u32, Option<Halted>) {
        self.engine.machine().set_recording(true);
        let halted = self.engine.run(program, PATH_BUDGET, sched, sink, Topics::ALL);
        let machine = self.engine.machine();
        machine.set_recording(false);
        sched.ended(machine);
        machine.set_tracing(false);
        (machine.steps(), halted)
    }

    /// As [`Runner::run_with`], with the class of the execution: the same for all with the same happens-before.
    pub fn run_observed(&mut self, program: &Program, sched: &mut dyn Sched) -> (Run, u64) {
        self.watch.reset(program);
        let topics = self.watch.topics;
        let mut observed = Observed::new(sched, &mut self.past);
        let halted = self.engine.run(program, STEP_BUDGET, &mut observed, &mut self.watch, topics);
        let machine = self.engine.machine();
        let class = observed.class(machine);
        machine.set_tracing(false);
        (self.finish(halted), class)
    }

    /// A word of memory as the last execution left it.
    pub fn word(&self, obj: Obj) -> u64 {
        self.engine.machine().peek(obj)
    }

    fn finish(&mut self, halted: Option<Halted>) -> Run {
        if let Some(feedback) = &mut self.watch.feedback {
            self.watch.san.near_misses().iter().for_each(|n| feedback.near_miss(n));
        }
        let outcome = self.watch.outcome(halted);
        Run { outcome, steps: self.engine.machine().steps(), interleaving: self.watch.interleaving }
    }

    /// Executes `program` with its own schedule and records it; `keep` false records hash and switches only.
    pub fn record(&mut self, program: &Program, keep: bool) -> Recorded {
        self.preemptions.load(&program.schedule.records);
        let mut sched = std::mem::take(&mut self.preemptions);
        let recorded = self.record_with(program, &mut sched, keep);
        self.preemptions = sched;
        recorded
    }

    /// As [`Runner::record`], under another strategy.
    pub fn record_with(&mut self, program: &Program, sched: &mut dyn Sched, keep: bool) -> Recorded {
        self.watch.reset(program);
        let mut recorder = Recorder::new(&mut self.watch, keep);
        self.engine.machine().set_recording(true);
        let halted = self.engine.run(program, STEP_BUDGET, sched, &mut recorder, Topics::ALL);
        self.engine.machine().set_recording(false);
        let trace = recorder.trace;
        Recorded { outcome: self.watch.outcome(halted), trace }
    }

    /// Things the feedback had never seen before the last execution; 0 without feedback.
    pub fn news(&self) -> u32 {
        self.watch.feedback.as_ref().map_or(0, Feedback::news)
    }

    /// Where the last execution came close to a finding that only counts as damage; see [`San::near_misses`].
    pub fn near_misses(&self) -> &[NearMiss] {
        self.watch.san.near_misses()
    }

    /// Points of each operation (`[task][op]`) in the last execution: where it can be preempted.
    pub fn lengths(&self) -> &[[u16; OPS_PER_CPU + 2]; TASKS] {
        &self.watch.lengths
    }
}

/// The sink of every run: the checks, feedback, and what the search wants to know.
struct Watch {
    san: San,
    found: Option<Finding>,
    feedback: Option<Feedback>,
    interleaving: u64,
    lengths: [[u16; OPS_PER_CPU + 2]; TASKS],
    topics: Topics,
    /// What is to be remembered of the final state, and what it was.
    cells: Vec<(Obj, u64)>,
    finals: Vec<(Obj, u64)>,
}

impl Watch {
    /// The last operation of every CPU has ended.
    #[cold]
    fn ended(&mut self, m: &Machine) {
        let word = |(obj, bits): (Obj, u64)| match obj.as_folio().filter(|_| obj.field() == Field::Flags) {
            Some(folio) => m.peek_flags(folio, bits),
            None => m.peek(obj) & bits,
        };
        self.finals = self.cells.iter().map(|cell| (cell.0, word(*cell))).collect();
    }

    fn reset(&mut self, program: &Program) {
        self.finals.clear();
        self.san.reset();
        self.found = None;
        self.interleaving = 0;
        self.lengths = [[0; OPS_PER_CPU + 2]; TASKS];
        if let Some(f) = &mut self.feedback {
            f.reset(program);
        }
    }

    fn outcome(&self, halted: Option<Halted>) -> Outcome {
        match (self.found, halted) {
            (Some(f), _) => Outcome::Found(f),
            (None, None) => Outcome::Clean,
            (None, Some(_)) => Outcome::GaveUp(Limit::Steps),
        }
    }
}

impl Sink for Watch {
    #[inline]
    fn on(&mut self, m: &Machine, e: &Event) -> bool {
        if let Some(f) = &mut self.feedback {
            f.on(e);
        }
        match e.note {
            Note::OpEnd if e.kind == Kind::Note => {
                self.lengths[e.task as usize][(e.op as usize).min(OPS_PER_CPU + 1)] = m.nth(e.task as usize) as u16;
            }
            Note::OpBegin if e.task == 0 && e.op as usize == OPS_PER_CPU => self.ended(m),
            _ => {}
        }
        match self.san.on(m, e) {
            Some(found) => {
                self.found.get_or_insert(found);
                true
            }
            None => false,
        }
    }

    fn on_switch(&mut self, m: &Machine, why: Why, from: usize, to: usize, _: usize) {
        let at = (from as u64) << 48 | (m.op(from) as u64) << 40 | (to as u64) << 32 | m.nth(from) as u64;
        let h = (self.interleaving ^ at ^ (why as u64) << 60).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.interleaving = h ^ h >> 31;
        if let Some(f) = self.feedback.as_mut().filter(|_| why == Why::Point) {
            f.interrupted((from, m.op(from)), m.pending(from).site, (to, m.op(to)));
        }
    }
}
