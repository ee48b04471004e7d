//! What a hunt tells of itself: on the spot, or as lines of JSON to the process that has started it.

use super::super::distinct::Distinct;
use crate::report::Told;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// How far a hunt is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Stats {
    pub execs: u64,
    pub steps: u64,
    pub gave_up: u64,
    pub inputs: u64,
    /// Inputs that were added to the corpus, if there is one.
    pub corpus: u64,
    /// Different interleavings, roughly.
    pub seen: Distinct,
    pub elapsed: Duration,
    /// For how long nothing new has been seen: no input for the corpus, no finding.
    pub quiet: Duration,
}

impl Stats {
    /// Adds what another hunt has done at the same time or before; times are not added.
    pub fn merge(&mut self, other: &Stats) {
        self.execs += other.execs;
        self.steps += other.steps;
        self.gave_up += other.gave_up;
        self.inputs += other.inputs;
        self.corpus += other.corpus;
        self.seen.merge(&other.seen);
    }
}

/// A signature that is new and saved as it was found; it is being minimized.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Announced {
    pub signature: String,
    pub title: String,
    pub first_exec: u64,
}

/// One found signature.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Found {
    pub signature: String,
    pub check: String,
    pub title: String,
    pub first_exec: u64,
    /// The bugs without which it is gone.
    pub cause: Vec<String>,
    /// `min.mm`, or the repro that joined the folder of the same bug.
    pub file: PathBuf,
    pub ops: usize,
    pub switches: usize,
    pub before: (usize, usize),
    /// For the machine formats.
    pub told: Told,
    /// The signature of the same bug that was saved before, which this one joined.
    pub bucket: Option<String>,
}

/// Why a hunt ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum End {
    /// Executions or time are used up.
    Budget,
    /// There is nothing left to find.
    Found,
    /// A signal.
    Stopped,
}

impl End {
    pub fn word(self) -> &'static str {
        match self {
            End::Budget => "budget",
            End::Found => "found",
            End::Stopped => "stopped",
        }
    }
}

/// One message.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Event {
    /// From time to time; more often than anybody needs.
    Progress(Stats),
    Announced(Announced),
    Found(Box<Found>),
    /// What could not be written, and why: the hunt cannot go on.
    Failed(String),
    /// The last one of a hunt.
    Ended(End, Stats),
    /// The last one, too: a defect of the program itself.
    Defect(String),
}

/// Whoever is told. Called on the hunting thread.
pub trait Sink {
    /// Any event but a last one. True: that is enough, the hunt ends.
    fn event(&mut self, event: Event) -> bool;
    /// The last event. The answer is the exit status of the process.
    fn end(&mut self, event: Event) -> u8;
}
