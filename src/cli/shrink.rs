//! `foliofuzz shrink`.

use super::common::{Failure, Format, Status, usage};
use super::load::InputArgs;
use crate::campaign::{CERTIFY_BUDGET, SHRINK_BUDGET, Searcher, certify, shrink, write_atomic};
use crate::exec::{Outcome, Runner};
use crate::prog::{Expect, File};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// Make a program that shows a finding smaller
///
/// Drops operations, then arguments and initial state, then preemptions, for as long as the same signature is shown.
/// The
/// result has its schedule in named records and expects the signature. A search of all interleavings with fewer
/// preemptions says whether there are any that show it; what came of that is written into the result.
#[derive(Args)]
pub struct ShrinkArgs {
    /// A repro text, or raw fuzzer input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Where the result goes [default: beside FILE, as <stem>.min.mm]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Candidates to try, at most
    #[arg(long, value_name = "N", default_value_t = SHRINK_BUDGET)]
    budget: usize,
    #[command(flatten)]
    input: InputArgs,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub fn run(args: ShrinkArgs) -> Result<Status, Failure> {
    let loaded = args.input.load(&args.file)?;
    let executed = args.input.execute(&loaded)?;
    let Some((signature, title)) = executed.shown.report().map(|r| (r.signature(), r.title())) else {
        args.format.human(&format!("{}: nothing is found, so there is nothing to shrink", args.file.display()));
        let gave_up = matches!(executed.shown.outcome, Outcome::GaveUp(_));
        return Ok(if gave_up { Status::GaveUp } else { Status::Finding });
    };
    let mut searcher = Searcher::new(Runner::new(executed.checks), 0, 1);
    let program = executed.shown.named().unwrap_or_else(|| executed.shown.program.clone());
    let small = shrink(&mut searcher, &program, &signature, args.budget);
    let (program, certificate) = certify(&mut searcher.runner, &small.program, &signature, CERTIFY_BUDGET);
    let before = (loaded.file.program.nr_ops(), executed.shown.trace.switches.len());
    let mut comments = loaded.file.comments.clone();
    if comments.is_empty() {
        comments.push(title);
    }
    comments.retain(|c| !is_certificate(c));
    comments.push(certificate.words());
    let file = File { expect: Expect::Finding(signature.clone()), comments, ..File::new(program.clone()) };
    let output = args.output.unwrap_or_else(|| args.file.with_extension("min.mm"));
    write_atomic(&output, file.print().as_bytes()).map_err(|e| usage(format!("{}: {e}", output.display())))?;
    let switches = program.schedule.records.len();
    let ops = program.nr_ops();
    args.format
        .human(&format!("before {} ops / {} switches -> after {ops} ops / {switches} switches", before.0, before.1));
    args.format.human(&format!("{}: {signature} ({} candidates tried)", output.display(), small.tried));
    args.format.human(&certificate.words());
    args.format.json(|| {
        json!({
            "schema": 1,
            "signature": signature,
            "preemptions": certificate.preemptions,
            "exhausted": certificate.is_exhausted(),
            "before": { "ops": before.0, "switches": before.1 },
            "after": { "ops": ops, "switches": switches },
            "file": output.display().to_string(),
        })
    });
    Ok(Status::Clean)
}

/// A sentence of an earlier certificate.
fn is_certificate(comment: &str) -> bool {
    comment.starts_with("It takes no preemption") || comment.contains(" preemption") && comment.contains("; ")
}
