//! Claims: an order of steps, and of states between them, that somebody says can happen.
//!
//! ```text
//! claim   = "claim" ["exactly"] { line }
//! line    = task [opN] "until" (step | "end" | "blocked")   the task has come there, and stays until it is named again
//!         | task [opN] ":" step ["->" outcome]              the task makes this step
//!         | expression                                      true of the state right after the line before
//! step    = (function.label | label | function) ["#" k] ["(" object ["," count] ")"]
//! outcome = "ok" | "fail" | number | "NULL" | FN | mN | "[ref" old "->" new "]"
//! ```
//! The lines happen in their order. Whatever no line names may happen at any time, but a task that stands at its
//! `until` waits, and a named step waits for its turn. Occurrences count from 1 over all operations of the task, or
//! over `opN`.

mod parse;

use super::condition::Expr;
use super::text::task_name;
use crate::vocab::{Class, Event, Obj};
use std::fmt;

pub(super) use parse::{check, line, verdict};

/// Lines one claim may have.
pub const MAX_CLAIM_LINES: usize = 64;

/// A claim with the answer its file expects.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Claim {
    /// Between two lines nobody but the CPU of the later one runs; service tasks do.
    pub exactly: bool,
    pub lines: Vec<ClaimLine>,
    pub verdict: Option<ClaimVerdict>,
}

/// What somebody says of a claim.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClaimVerdict {
    Possible,
    /// The first line that cannot happen, from 1.
    Impossible(usize),
}

/// One line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ClaimLine {
    Until(Who, Place),
    Step(Who, Spot, Option<ClaimOutcome>),
    State(Expr),
}

/// A task, in one of its operations or in any.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Who {
    pub task: u8,
    /// From 0.
    pub op: Option<u8>,
}

/// Where a task stops.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// Just before this step.
    Before(Spot),
    /// Behind its last operation, or the one named.
    End,
    /// Wherever it waits for somebody: for a lock that is held, or asleep.
    Blocked,
}

/// One step of a task.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Spot {
    /// As written.
    pub name: String,
    pub kind: SpotKind,
    /// Only where it is about this object counts.
    pub of: Option<(Class, u8)>,
    /// The second argument: references, or the count a freeze expects.
    pub count: Option<u32>,
    /// From 1.
    pub k: u16,
}

/// How a step is named.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum SpotKind {
    /// Hash of a site: the k-th access there.
    Site(u32),
    /// Hash of a label: the k-th access called so, in whatever function.
    Label(u32),
    /// Hash of a function: the first access of its k-th call.
    Function(u32),
}

/// What comes of a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClaimOutcome {
    Ok,
    Fail,
    /// What it returns or reads.
    Number(i64),
    Null,
    Folio(u8),
    File(u8),
    /// The count it finds and the one it leaves.
    Ref(i64, i64),
}

/// Why a line does not happen.
#[derive(Clone, Debug)]
pub enum ClaimFailure {
    /// The step is made, and this comes of it.
    Outcome(Event),
    /// The state is another one: what is wrong with it.
    State(Vec<String>),
    /// The task, or its operation, ends without coming to the step.
    Gone,
    /// The task comes first to this line (from 0), which is a later one.
    Later(usize),
    /// Nobody can go on: the task waits for this object, or only repeats itself.
    Waits(Option<Obj>),
}

impl ClaimLine {
    /// Who the line is about; a state is about nobody.
    pub fn who(&self) -> Option<Who> {
        match self {
            ClaimLine::Until(who, _) | ClaimLine::Step(who, ..) => Some(*who),
            ClaimLine::State(_) => None,
        }
    }

    /// The step it names.
    pub fn spot(&self) -> Option<&Spot> {
        match self {
            ClaimLine::Until(_, Place::Before(spot)) | ClaimLine::Step(_, spot, _) => Some(spot),
            _ => None,
        }
    }
}

impl Claim {
    /// Its lines as they stand in a file, without the verdict.
    pub(super) fn print(&self, out: &mut String) {
        out.push_str(if self.exactly { "\nclaim exactly\n" } else { "\nclaim\n" });
        for line in &self.lines {
            out.push_str(&format!("  {line}\n"));
        }
    }
}

#[cfg(test)]
mod tests;

impl fmt::Display for ClaimVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClaimVerdict::Possible => f.write_str("possible"),
            ClaimVerdict::Impossible(n) => write!(f, "impossible:{n}"),
        }
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&task_name(self.task))?;
        self.op.map_or(Ok(()), |op| write!(f, " op{}", u32::from(op) + 1))
    }
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.name, self.k)?;
        let Some((class, n)) = self.of else { return Ok(()) };
        let prefix = parse::OBJECTS.iter().find(|o| o.1 == class).map_or("?", |o| o.0);
        match self.count {
            Some(count) => write!(f, "({prefix}{n}, {count})"),
            None => write!(f, "({prefix}{n})"),
        }
    }
}

impl fmt::Display for ClaimOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClaimOutcome::Ok => f.write_str("ok"),
            ClaimOutcome::Fail => f.write_str("fail"),
            ClaimOutcome::Number(n) => write!(f, "{n}"),
            ClaimOutcome::Null => f.write_str("NULL"),
            ClaimOutcome::Folio(n) => write!(f, "F{n}"),
            ClaimOutcome::File(n) => write!(f, "m{n}"),
            ClaimOutcome::Ref(old, new) => write!(f, "[ref {old}->{new}]"),
        }
    }
}

impl fmt::Display for ClaimLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClaimLine::Until(who, Place::Before(spot)) => write!(f, "{who} until {spot}"),
            ClaimLine::Until(who, Place::End) => write!(f, "{who} until end"),
            ClaimLine::Until(who, Place::Blocked) => write!(f, "{who} until blocked"),
            ClaimLine::Step(who, spot, None) => write!(f, "{who}: {spot}"),
            ClaimLine::Step(who, spot, Some(ClaimOutcome::Ref(old, new))) => {
                write!(f, "{who}: {spot} [ref {old}->{new}]")
            }
            ClaimLine::Step(who, spot, Some(outcome)) => write!(f, "{who}: {spot} -> {outcome}"),
            ClaimLine::State(expr) => write!(f, "{expr}"),
        }
    }
}
