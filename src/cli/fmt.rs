//! `foliofuzz fmt`.

use super::common::{Failure, Status, say, usage, warn};
use super::load::{InputArgs, Loaded};
use crate::campaign::{Analysis, write_atomic};
use crate::exec::Runner;
use crate::prog::{Expect, Program};
use crate::san::{CHECKS, CheckSet};
use clap::Args;
use std::path::PathBuf;

/// Print a program in canonical form
///
/// Raw fuzzer input becomes text. Preemptions at numbered points (`@n`) become preemptions at named sites: the program
/// is
/// run once for it, without checks, so that the run does not end early.
#[derive(Args)]
pub struct FmtArgs {
    /// A repro text, or raw fuzzer input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Replace the file instead of printing (only texts)
    #[arg(long)]
    write: bool,
    #[command(flatten)]
    input: InputArgs,
}

pub fn run(args: FmtArgs) -> Result<Status, Failure> {
    let mut loaded = args.input.load(&args.file)?;
    if args.write && loaded.raw {
        let name = args.file.display();
        return Err(usage(format!(
            "{name}:1: raw fuzzer input is not overwritten: expected a repro text with --write"
        )));
    }
    match named(&args.input, &loaded)? {
        Some(program) => loaded.file.program = program,
        None => warn(&format!("foliofuzz: {}: the schedule has no named form that replays", args.file.display())),
    }
    let text = loaded.file.print();
    if args.write {
        write_atomic(&args.file, text.as_bytes()).map_err(|e| usage(format!("{}: {e}", args.file.display())))?;
    } else {
        say(text.trim_end());
    }
    Ok(Status::Clean)
}

/// The program with a schedule of named records; as it is if it has none with numbers.
fn named(input: &InputArgs, loaded: &Loaded) -> Result<Option<Program>, Failure> {
    let program = &loaded.file.program;
    let quiet = CHECKS.iter().map(|c| format!("-{}", c.name)).collect::<Vec<_>>().join(",");
    let checks = match (input.checks.set()?, &loaded.file.expect) {
        (Some(chosen), _) => chosen,
        (None, Expect::Finding(_)) => input.execute(loaded)?.checks,
        (None, _) => CheckSet::parse(&format!("all,{quiet}")).map_err(Failure::Internal)?,
    };
    let mut runner = Runner::new(checks);
    let shown = Analysis::of(&mut runner, program);
    if !shown.is_numbered() {
        return Ok(Some(program.clone()));
    }
    let Some(named) = shown.named() else { return Ok(None) };
    let again = runner.record(&named, false);
    Ok((again.trace.hash == shown.trace.hash).then_some(named))
}
