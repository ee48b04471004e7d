//! A trace for Perfetto and chrome://tracing: Trace Event JSON. One track a task; operations and functions are slices,
//! accesses and notes instants; an arrow leads from one side of a finding to the other. The unit of time is the number
//! of an event, as microseconds: there is no time in the model.

use super::told::source;
use super::words::describe;
use super::{Report, TOOL, service_work};
use crate::machine::{Step, Trace};
use crate::ops;
use crate::prog::{Program, op_text, task_name};
use crate::san::Finding;
use crate::vocab::{Kind, Note, TASKS};
use serde_json::{Value, json};

/// All of it is one process.
const PID: u32 = 1;

/// The trace of an execution, and of what it found.
pub fn perfetto(program: &Program, trace: &Trace, finding: Option<&Finding>) -> Value {
    let setup = trace.steps.iter().position(|s| s.event.note == Note::SetupDone).map_or(0, |i| i + 1);
    let steps = &trace.steps[setup..];
    let mut events = vec![named("process_name", 0, "name", format!("{TOOL} {}", program.model.kernel.name()).into())];
    let sides = finding.map(|f| (f.other, Some(f.seq)));
    for task in 0..TASKS {
        let mine: Vec<&Step> = steps.iter().filter(|s| s.event.task as usize == task).collect();
        if mine.is_empty() {
            continue;
        }
        events.push(named("thread_name", tid(task), "name", task_name(task as u8).into()));
        events.push(named("thread_sort_index", tid(task), "sort_index", task.into()));
        slices(program, &mine, &mut events);
        let culprit = sides.and_then(|s| s.1);
        events.extend(mine.iter().map(|s| instant(s, culprit == Some(s.event.seq))));
    }
    if let (Some(finding), Some((Some(other), Some(culprit)))) = (finding, sides) {
        events.extend(arrow(steps, finding, other, culprit));
    }
    json!({
        "traceEvents": events,
        "displayTimeUnit": "ns",
        "otherData": {
            "tool": TOOL,
            "version": env!("CARGO_PKG_VERSION"),
            "kernel": program.model.kernel.name(),
            "finding": finding.map(|f| format!("{}/{}", f.check, f.kind)),
            "unit": "one microsecond is one event of the model; there is no time in it",
        },
    })
}

impl Report<'_> {
    /// The trace of the execution with its finding.
    pub fn perfetto(&self) -> Value {
        perfetto(self.program, self.trace, Some(self.finding))
    }
}

/// The number of a task's track, from 1.
const fn tid(task: usize) -> u32 {
    task as u32 + 1
}

fn named(what: &str, tid: u32, key: &str, value: Value) -> Value {
    json!({ "ph": "M", "pid": PID, "tid": tid, "name": what, "args": { key: value } })
}

/// A slice that has begun: its name and depth are those of a function, or of an operation at depth 0.
struct Open {
    hash: u32,
    op: u8,
}

/// Begins and ends of a task's operations and functions. A function that is left and entered again between two events
/// is one slice.
fn slices(program: &Program, mine: &[&Step], events: &mut Vec<Value>) {
    let Some(task) = mine.first().map(|s| s.event.task) else { return };
    let mut open: Vec<Open> = Vec::new();
    let edge = |ph: &str, name: &str, ts: u32, args: Value| {
        let tid = tid(task as usize);
        json!({ "ph": ph, "pid": PID, "tid": tid, "ts": ts, "name": name, "cat": "function", "args": args })
    };
    let mut last = 0;
    for step in mine {
        let (e, ts) = (&step.event, step.event.seq);
        let same_op = open.first().is_some_and(|o| o.op == e.op);
        let functions = open.iter().skip(1).zip(step.stack.iter()).take_while(|(o, f)| o.hash == f.hash).count();
        let keep = if same_op { functions + 1 } else { 0 };
        for _ in keep..open.len() {
            events.push(edge("E", "", last + 1, json!({})));
        }
        open.truncate(keep);
        if open.is_empty() {
            events.push(edge("B", &operation(program, e.task, e.op), ts, json!({ "op": e.op as u32 + 1 })));
            open.push(Open { hash: 0, op: e.op });
        }
        for f in step.stack.iter().skip(open.len() - 1) {
            let at = json!({ "file": source(f.file), "line": f.line });
            events.push(edge("B", f.name, ts, at));
            open.push(Open { hash: f.hash, op: e.op });
        }
        last = ts;
    }
    for _ in open {
        events.push(edge("E", "", last + 1, json!({})));
    }
}

fn operation(program: &Program, task: u8, op: u8) -> String {
    let op = program.cpus.get(task as usize).and_then(|ops| ops.get(op as usize));
    op.filter(|o| (o.code as usize) < ops::TABLE.len()).map_or(service_work(task).1.to_string(), op_text)
}

fn instant(step: &Step, culprit: bool) -> Value {
    let e = &step.event;
    let text = describe(step).line().split_whitespace().collect::<Vec<_>>().join(" ");
    let mut args = json!({ "seq": e.seq, "site": e.site.to_string(), "cpu": e.cpu });
    if !matches!(e.kind, Kind::Note | Kind::Barrier) {
        args["cell"] = e.obj.to_string().into();
        args["kind"] = format!("{:?}", e.kind).into();
        args["order"] = format!("{:?}", e.order).into();
        args["k"] = step.k.into();
        // Words are 64 bits wide, numbers of JavaScript are not.
        args["old"] = format!("{:#x}", e.old).into();
        args["new"] = format!("{:#x}", e.new).into();
    }
    let category = if matches!(e.kind, Kind::Note | Kind::Barrier) { "note" } else { "access" };
    json!({
        "ph": "i",
        "s": if culprit { "p" } else { "t" },
        "pid": PID,
        "tid": tid(e.task as usize),
        "ts": e.seq,
        "name": text,
        "cat": category,
        "args": args,
    })
}

/// From access (1) to access (2).
fn arrow(steps: &[Step], finding: &Finding, other: u32, culprit: u32) -> Vec<Value> {
    let task = |seq: u32| steps.iter().find(|s| s.event.seq == seq).map(|s| s.event.task as usize);
    let (Some(from), Some(to)) = (task(other), task(culprit)) else { return Vec::new() };
    let name = format!("{}/{}", finding.check, finding.kind);
    let end = |ph: &str, task: usize, ts: u32| {
        let tid = tid(task);
        json!({ "ph": ph, "id": 1, "pid": PID, "tid": tid, "ts": ts, "name": name, "cat": "finding" })
    };
    let mut finish = end("f", to, culprit);
    finish["bp"] = "e".into();
    vec![end("s", from, other), finish]
}
