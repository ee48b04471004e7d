//! `foliofuzz check`.

use super::common::{Failure, Format, Status, parse_time, stop_flag, usage};
use super::load::InputArgs;
use crate::campaign::{Judge, Judgement, Limits, Progress};
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Args)]
pub struct CheckArgs {
    /// A repro text with a `claim` section
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[arg(long = "for", value_name = "TIME", value_parser = parse_time)]
    time: Option<Duration>,
    #[arg(long, value_name = "N")]
    runs: Option<u64>,
    #[command(flatten)]
    input: InputArgs,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub fn run(args: CheckArgs) -> Result<Status, Failure> {
    let loaded = args.input.load(&args.file)?;
    let Some(claim) = &loaded.file.claim else {
        return Err(usage(format!("{}: nothing is claimed: expected a `claim` section", args.file.display())));
    };
    let stop = stop_flag().map_err(|e| Failure::Internal(format!("signal handlers: {e}")))?;
    let limits = Limits { preemptions: None, runs: args.runs, time: args.time };
    let mut tell = |_: &Progress| {};
    let mut judge = Judge::new(limits, &stop, &mut tell);
    let judgement = judge.judge(&loaded.file.program, claim);
    args.format.human(&format!("{:?}", judge.explored));
    match judgement {
        Judgement::Possible(shown) => {
            args.format.human(&format!("possible verified={} {:?} {:?}", shown.verified, shown.signature, shown.met));
            args.format.human(&format!("{:?}", shown.program));
        }
        Judgement::Impossible { line, ways } => {
            for w in ways {
                args.format.human(&format!("impossible {} {:?} x{}", line + 1, w.failure, w.executions));
            }
        }
        Judgement::Undecided { line } => args.format.human(&format!("undecided {line}")),
    }
    Ok(Status::Clean)
}
