//! `foliofuzz replay`.

use super::common::{Failure, Status, panic_message};
use super::condition::Shown;
use super::formats::{FormatArgs, Output};
use super::load::{Executed, InputArgs, Loaded, is_met, outcome_name, verdict};
use crate::exec::{Outcome, Runner};
use crate::prog::{Condition, Expect};
use crate::report::{Case, Verdict, perfetto};
use clap::Args;
use serde_json::json;
use std::panic::{AssertUnwindSafe, catch_unwind};
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
    #[command(flatten)]
    format: FormatArgs,
}

pub fn run(args: ReplayArgs) -> Result<Status, Failure> {
    // All files are read before the first is run, so that a bad one is told at once.
    let loaded = args.files.iter().map(|f| args.input.load(f)).collect::<Result<Vec<_>, _>>()?;
    let mut output = args.format.open(loaded.len())?;
    let mut status = Status::Clean;
    let mut broken = None;
    for l in &loaded {
        match execute(&args, l) {
            Ok(executed) => status = status.and(tell(l, &executed, &mut output)),
            Err(Failure::Internal(why)) => {
                output.case(|| Case::of_file(&l.path, Verdict::Broken(why.clone()), None));
                broken = Some(Failure::Internal(format!("{}: {why}", l.path.display())));
            }
            Err(failure) => return Err(failure),
        }
    }
    output.finish()?;
    broken.map_or(Ok(status), Err)
}

/// Runs a program, as often as was asked for. A defect of ours spoils no other file's run.
fn execute(args: &ReplayArgs, loaded: &Loaded) -> Result<Executed, Failure> {
    let run = || {
        let executed = args.input.execute(loaded)?;
        repeat(&executed, args.many)?;
        Ok(executed)
    };
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|e| Err(Failure::Internal(panic_message(e.as_ref()))))
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

fn tell(l: &Loaded, executed: &Executed, output: &mut Output) -> Status {
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
    let answer = match (expect, met) {
        (None, _) => "nothing expected".to_string(),
        (Some(_), true) => "expectation met".to_string(),
        (Some(e), false) => format!("expectation not met: {e}"),
    };
    let note = if executed.actual { ", under --checks actual" } else { "" };
    output.human(&format!("{}: {what} ({answer}{note})", l.path.display()));
    let condition = l.file.condition.as_ref();
    if let Some(condition) = condition {
        output.human(&final_state(condition, executed.last.as_ref()));
    }
    output.json(|| {
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
    output.case(|| Case::of_file(&l.path, verdict(l, executed), shown.report().map(|r| r.told())));
    output.trace(|| perfetto(&shown.program, &shown.trace, shown.finding()));
    match shown.outcome {
        _ if met => Status::Clean,
        Outcome::GaveUp(_) => Status::GaveUp,
        _ => Status::Finding,
    }
}
