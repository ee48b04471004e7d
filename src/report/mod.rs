//! A finding, told: signature, title, kernel-style report, diagram, JSON.
//!
//! Everything here is a pure function of a program, a finding and the recorded trace, and returns strings. Nothing
//! dynamic was kept by the checks: stacks, counts, owners and memory are rebuilt from the events.

mod campaign;
mod case;
mod claim;
mod diagram;
mod github;
mod html;
mod json;
mod junit;
mod ledger;
mod memory;
mod perfetto;
mod sarif;
mod signature;
mod slice;
mod splat;
#[cfg(test)]
mod tests;
mod title;
mod told;
mod words;

pub use campaign::{CampaignPage, Chart, PageFinding, Reached, grouped, time};
pub use case::{Case, Verdict};
pub use claim::{ClaimReport, paragraph};
pub use diagram::{DiagramStyle, Line};
pub use github::{annotations, step_summary};
pub use junit::junit;
pub use ledger::Ledger;
pub use perfetto::perfetto;
pub use sarif::sarif;
pub use signature::blame;
pub use told::{Place, Told, ToldStep};
pub use words::flag_names;

use crate::machine::{Step, Trace};
use crate::ops;
use crate::prog::{Program, op_text, task_name};
use crate::san::Finding;
use crate::vocab::{CPUS, IO_TASK, KSWAPD_TASK, Kind, Note, RCU_TASK};

/// The name reports are signed with.
pub const TOOL: &str = "foliofuzz";

/// What a report is made from.
pub struct Report<'a> {
    pub program: &'a Program,
    pub finding: &'a Finding,
    /// The recorded execution, with all events.
    pub trace: &'a Trace,
    /// Slugs of the historic bugs that are in the modelled kernel.
    pub bugs: Vec<&'static str>,
}

/// What a task does outside the operations of programs: the short name, and one for sentences.
fn service_work(task: u8) -> (&'static str, &'static str) {
    match task as usize {
        RCU_TASK => ("callback", "RCU callback"),
        IO_TASK => ("end_io", "I/O completion"),
        KSWAPD_TASK => ("kswapd", "kswapd"),
        t if t >= CPUS => ("work", "work item"),
        _ => ("epilogue", "epilogue"),
    }
}

impl Report<'_> {
    /// Position of the event with number `seq`.
    fn index_of(&self, seq: u32) -> Option<usize> {
        self.trace.steps.binary_search_by_key(&seq, |s| s.event.seq).ok()
    }

    /// The step of the violation.
    fn culprit(&self) -> Option<&Step> {
        self.index_of(self.finding.seq).map(|i| &self.trace.steps[i])
    }

    /// The step on the other side.
    fn other(&self) -> Option<&Step> {
        self.finding.other.and_then(|seq| self.index_of(seq)).map(|i| &self.trace.steps[i])
    }

    /// Position of the first step after the set-up.
    fn setup_end(&self) -> usize {
        self.trace.steps.iter().position(|s| s.event.note == Note::SetupDone).map_or(0, |i| i + 1)
    }

    /// Name of operation `op` of `task`.
    fn op_name(&self, task: u8, op: u8) -> &'static str {
        match self.op(task, op) {
            Some(o) => ops::TABLE.get(o.code as usize).map_or("op", |row| row.name),
            None => service_work(task).0,
        }
    }

    fn op(&self, task: u8, op: u8) -> Option<&crate::prog::Op> {
        self.program.cpus.get(task as usize).and_then(|ops| ops.get(op as usize))
    }

    /// `op#1 evict(m0)`, or what else the task does.
    fn op_line(&self, task: u8, op: u8) -> String {
        match self.op(task, op) {
            Some(o) => format!("op#{} {}", op as u32 + 1, op_text(o)),
            None => service_work(task).1.to_string(),
        }
    }

    /// Every step, one line each: number, CPU, operation, site, what it did, the cell before and after. Steps of the
    /// set-up are marked `init`.
    pub fn trace_text(&self) -> String {
        let setup = self.setup_end();
        let mut out = String::new();
        for (i, step) in self.trace.steps.iter().enumerate() {
            let e = &step.event;
            let op = if i < setup { "init".to_string() } else { format!("op{}", e.op as u32 + 1) };
            let who = match e.task as usize {
                task if task < CPUS => format!("cpu{}", e.cpu),
                _ => format!("{:<4}", task_name(e.task)),
            };
            // Notes are at no point of their own.
            let site = match e.kind {
                Kind::Note => e.site.func.name.to_string(),
                _ => format!("{}#{}", e.site, step.k),
            };
            let change = match e.kind {
                Kind::Note | Kind::Barrier => String::new(),
                Kind::Load => format!("  = {:#x}", e.old),
                _ => format!("  {:#x}->{:#x}", e.old, e.new),
            };
            out.push_str(&format!("{:5} {who} {op:<5} {site:<48} {}{change}\n", e.seq, words::describe(step).line()));
        }
        out
    }
}
