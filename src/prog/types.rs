//! The program itself. Its text form is `text`, its byte form `decode`.

use super::claim::Claim;
use super::condition::Condition;
use crate::ops::Init;
use crate::sched::Schedule;
use crate::vocab::{CPUS, Model, OPS_PER_CPU, Obj};

/// The operation number of cpu0 while the engine's epilogue runs, for schedule records; the text says `epilogue`.
pub const EPILOGUE_OP: u8 = OPS_PER_CPU as u8;

/// One operation: a row of the operations table, with its arguments (as many as the row has, the rest 0).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Op {
    /// Index into `ops::TABLE`.
    pub code: u8,
    pub args: [u8; 3],
}

/// What runs, and in which order.
#[derive(Clone, PartialEq, Eq)]
pub struct Program {
    pub model: Model,
    pub init: Init,
    /// Operations of each CPU; trailing CPUs without any do not run.
    pub cpus: [Vec<Op>; CPUS],
    pub schedule: Schedule,
}

impl Program {
    /// An empty program.
    pub fn new(model: Model) -> Program {
        Program { model, init: Init::default(), cpus: Default::default(), schedule: Schedule::default() }
    }

    /// CPUs that run: up to the last one with an operation, at least 1.
    pub fn nr_cpus(&self) -> usize {
        self.cpus.iter().rposition(|ops| !ops.is_empty()).map_or(1, |i| i + 1)
    }

    /// Operations of all CPUs together.
    pub fn nr_ops(&self) -> usize {
        self.cpus.iter().map(Vec::len).sum()
    }

    /// Every cell of memory the initial state sets, with its value.
    pub fn initial_words(&self, set: &mut dyn FnMut(Obj, u64)) {
        crate::ops::words(&self.init, self.model, set);
    }

    /// Number of the last operation of a task: what an `end` record of it carries. 0 for a CPU without any.
    pub fn last_op(&self, task: usize) -> u8 {
        self.cpus.get(task).map_or(0, |ops| ops.len().saturating_sub(1) as u8)
    }
}

/// What a repro file says should happen.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Expect {
    /// Nothing is stated.
    #[default]
    Unstated,
    /// No finding.
    Clean,
    /// A signature, or its `check/kind` part.
    Finding(String),
}

/// A repro file: a program with its header.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    pub program: Program,
    pub expect: Expect,
    /// The `# ` comment lines between the magic line and the first key, without the `# `.
    pub comments: Vec<String>,
    /// An order of steps somebody claims to be possible.
    pub claim: Option<Claim>,
    /// What is asked of the final state.
    pub condition: Option<Condition>,
}

impl File {
    /// A file that says nothing of the program.
    pub fn new(program: Program) -> File {
        File { program, expect: Expect::Unstated, comments: Vec::new(), claim: None, condition: None }
    }
}
