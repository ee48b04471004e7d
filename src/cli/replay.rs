//! `foliofuzz replay`.

use super::common::{Failure, Format, Status};
use super::condition::Shown;
use super::load::{Executed, InputArgs, Loaded, is_met, outcome_name};
use crate::exec::{Outcome, Runner};
use crate::prog::{Condition, Expect};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// Run programs and compare with what their files expect
///
/// A text runs with its schedule. Raw fuzzer input runs with its own schedule and then with the scattered ones it had
/// in the
/// fuzz target. `expect:` may be a whole signature or its check/kind. Without --checks, an expectation that is not met
/// under all checks is tried under `actual`.
#[derive(Args)]
pub struct ReplayArgs {
    /// Repro texts, or raw fuzzer input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    input: InputArgs,
    /// Run each N times and compare the hashes of all events
    #[arg(long, value_name = "N", default_value_t = 1)]
    many: u32,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub fn run(args: ReplayArgs) -> Result<Status, Failure> {
    // All files are read before the first is run, so that a bad one is told at once.
    let loaded = args.files.iter().map(|f| args.input.load(f)).collect::<Result<Vec<_>, _>>()?;
    let mut status = Status::Clean;
    for l in &loaded {
        let executed = args.input.execute(l)?;
        repeat(&executed, args.many)?;
        status = status.and(tell(l, &executed, args.format));
    }
    Ok(status)
}

fn repeat(executed: &Executed, many: u32) -> Result<(), Failure> {
    let mut runner = Runner::new(executed.checks);
    for i in 1..many {
        let hash = runner.record(&executed.shown.program, false).trace.hash;
        if hash != executed.shown.trace.hash {
            let message = format!("run {} has event hash {hash:016x}, run 1 {:016x}", i + 1, executed.shown.trace.hash);
            return Err(Failure::Internal(message));
        }
    }
    Ok(())
}

/// Whether the expression of the file's condition is true of this execution's final state. An execution is one of
/// many: that validates nothing but an `exists`, and refutes nothing but the others.
fn final_state(condition: &Condition, last: Option<&Shown>) -> String {
    match last {
        Some(s) if s.holds => format!("final state: {} satisfies {}", s.state, condition.expr),
        Some(s) => format!("final state: {} does not satisfy {}", s.state, condition.expr),
        None => format!("no final state: the execution ended before its operations; {condition} is not asked"),
    }
}

fn tell(l: &Loaded, executed: &Executed, format: Format) -> Status {
    let shown = &executed.shown;
    let met = is_met(&l.file.expect, shown);
    let signature = shown.signature();
    let what = match (&shown.outcome, &signature) {
        (Outcome::Found(_), Some(s)) => format!("found {s}"),
        (Outcome::GaveUp(_), _) => "gave up (step budget)".to_string(),
        _ => "clean".to_string(),
    };
    let expect = match &l.file.expect {
        Expect::Unstated => None,
        Expect::Clean => Some("clean"),
        Expect::Finding(s) => Some(s.as_str()),
    };
    let verdict = match (expect, met) {
        (None, _) => "nothing expected".to_string(),
        (Some(_), true) => "expectation met".to_string(),
        (Some(e), false) => format!("expectation not met: {e}"),
    };
    let note = if executed.actual { ", under --checks actual" } else { "" };
    format.human(&format!("{}: {what} ({verdict}{note})", l.path.display()));
    let condition = l.file.condition.as_ref();
    if let Some(condition) = condition {
        format.human(&final_state(condition, executed.last.as_ref()));
    }
    format.json(|| {
        json!({
            "schema": 1,
            "final": executed.last.as_ref().map(|f| json!({ "state": f.state, "holds": f.holds })),
            "condition": condition.map(Condition::to_string),
            "file": l.path.display().to_string(),
            "outcome": outcome_name(&shown.outcome),
            "signature": signature,
            "expect": expect,
            "met": met,
            "event_hash": format!("{:016x}", shown.trace.hash),
        })
    });
    match shown.outcome {
        _ if met => Status::Clean,
        Outcome::GaveUp(_) => Status::GaveUp,
        _ => Status::Finding,
    }
}
