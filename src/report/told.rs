//! What the machine formats tell of a finding: taken out of its report once, so that it can be kept, sent to a file
//! later, and written in any of them.

use super::words::describe;
use super::{DiagramStyle, Report};
use crate::machine::Step;
use crate::prog::task_name;
use crate::san::CHECKS;
use crate::vocab::Name;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A function of the model's source.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Place {
    pub function: String,
    /// From the root of the repository: `src/mm/filemap.rs`.
    pub file: String,
    /// Of the function, from 1.
    pub line: u32,
}

/// One executed step, in words.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ToldStep {
    /// Number of its event.
    pub seq: u32,
    pub task: String,
    pub op: String,
    pub place: Place,
    pub text: String,
    /// How deep in calls it is.
    pub depth: usize,
}

/// A finding, told.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Told {
    pub signature: String,
    pub alt: Vec<String>,
    pub title: String,
    pub check: String,
    pub kind: String,
    /// The rule that was broken.
    pub rule: String,
    pub model: String,
    pub bugs: Vec<String>,
    /// Access (2), the violation.
    pub culprit: Option<ToldStep>,
    /// Access (1), what it collides with.
    pub other: Option<ToldStep>,
    /// The steps of each task that matter, in the order they were made in; tasks in the order of their numbers.
    pub flows: Vec<Vec<ToldStep>>,
    pub splat: String,
    pub diagram: String,
}

/// A source file from the root of the repository, wherever it was compiled from.
pub(super) fn source(file: &str) -> String {
    let file = file.replace('\\', "/");
    file.rfind("src/").map_or(file.clone(), |at| file[at..].to_string())
}

impl Place {
    /// Of what no function is to blame for: the model as a whole.
    pub(super) fn nowhere() -> Place {
        Place { function: "op".to_string(), file: "src/mm/mod.rs".to_string(), line: 1 }
    }

    pub(super) fn of(name: &Name) -> Place {
        Place { function: name.name.to_string(), file: source(name.file), line: name.line.max(1) }
    }
}

/// Where a step was made: the innermost function of `mm` it is in.
pub(super) fn place(step: &Step) -> Place {
    let name = step.stack.last().copied().unwrap_or(step.event.site.func);
    if name.file.is_empty() { Place::nowhere() } else { Place::of(name) }
}

impl Report<'_> {
    /// The finding for the machine formats.
    pub fn told(&self) -> Told {
        let mut flows: BTreeMap<u8, Vec<ToldStep>> = BTreeMap::new();
        for index in self.diagram_steps().into_iter().filter_map(|seq| self.index_of(seq)) {
            let step = &self.trace.steps[index];
            flows.entry(step.event.task).or_default().push(self.line(step));
        }
        let kinds = CHECKS.iter().flat_map(|c| c.kinds);
        let kind = kinds.into_iter().find(|k| (k.check, k.name) == (self.finding.check, self.finding.kind));
        Told {
            signature: self.signature(),
            alt: self.alts(),
            title: self.title(),
            check: self.finding.check.to_string(),
            kind: self.finding.kind.to_string(),
            rule: kind.map_or(String::new(), |k| k.doc.to_string()),
            model: self.program.model.kernel.name().to_string(),
            bugs: self.bugs.iter().map(|b| b.to_string()).collect(),
            culprit: self.culprit().map(|s| self.line(s)),
            other: self.other().map(|s| self.line(s)),
            flows: flows.into_values().collect(),
            splat: self.splat(),
            diagram: self.diagram(&DiagramStyle::KERNEL),
        }
    }

    fn line(&self, step: &Step) -> ToldStep {
        let e = &step.event;
        ToldStep {
            seq: e.seq,
            task: task_name(e.task),
            op: self.op_line(e.task, e.op),
            place: place(step),
            text: describe(step).line().split_whitespace().collect::<Vec<_>>().join(" "),
            depth: step.stack.len(),
        }
    }
}
