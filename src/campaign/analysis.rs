//! One recorded execution with its program: what every report is made from.

use super::attribute::bug_slugs;
use crate::exec::{Outcome, Runner};
use crate::machine::Trace;
use crate::prog::{Program, schedule_of};
use crate::report::Report;
use crate::san::Finding;
use crate::sched::{Anchor, MAX_RECORDS};

/// A program, how its execution ended, and everything it did.
pub struct Analysis {
    pub program: Program,
    pub outcome: Outcome,
    pub trace: Trace,
}

impl Analysis {
    /// Executes `program` with its own schedule and records it.
    pub fn of(runner: &mut Runner, program: &Program) -> Analysis {
        let recorded = runner.record(program, true);
        Analysis { program: program.clone(), outcome: recorded.outcome, trace: recorded.trace }
    }

    /// What was found.
    pub fn finding(&self) -> Option<&Finding> {
        self.outcome.finding()
    }

    /// The report on it.
    pub fn report(&self) -> Option<Report<'_>> {
        let finding = self.finding()?;
        Some(Report { program: &self.program, finding, trace: &self.trace, bugs: bug_slugs(self.program.model.bugs) })
    }

    /// Its signature.
    pub fn signature(&self) -> Option<String> {
        self.report().map(|r| r.signature())
    }

    /// The program with the executed schedule as named records; `None` if it has more of them than a program holds.
    pub fn named(&self) -> Option<Program> {
        let schedule = schedule_of(&self.trace, self.program.schedule.start);
        if schedule.records.len() > MAX_RECORDS {
            return None;
        }
        let mut named = Program { schedule, ..self.program.clone() };
        named.fix_up();
        Some(named)
    }

    /// Whether the program's schedule has records that name no site.
    pub fn is_numbered(&self) -> bool {
        self.program.schedule.records.iter().any(|r| r.anchor == Anchor::Nth)
    }
}
