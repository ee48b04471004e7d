//! The command line: one file a verb. This is the room that prints.

mod check;
mod common;
mod condition;
mod corpus;
mod explain;
mod fmt;
mod formats;
#[cfg(feature = "hunt")]
mod hunt;
mod list;
mod load;
mod prove;
mod replay;
mod report;
#[cfg(feature = "hunt")]
mod selftest;
mod shrink;
#[cfg(feature = "hunt")]
mod teller;

use clap::{Parser, Subcommand};
use common::{Failure, Status};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

const EXIT_CODES: &str = "\
Exit status:
  0  clean, or the expectation is met
  1  a finding, or the expectation is not met
  2  usage, or unreadable input (nothing is written)
  3  gave up (step budget)
  4  internal error (the message begins with MMFAIL:)";

/// A fuzzer over interleavings of a simulated Linux mm subsystem.
#[derive(Parser)]
#[command(name = "foliofuzz", version, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    #[cfg(feature = "hunt")]
    Hunt(hunt::HuntArgs),
    Replay(replay::ReplayArgs),
    Report(report::ReportArgs),
    #[cfg(feature = "hunt")]
    Selftest(selftest::SelftestArgs),
    Shrink(shrink::ShrinkArgs),
    Explain(explain::ExplainArgs),
    Prove(prove::ProveArgs),
    Check(check::JudgeArgs),
    Corpus(corpus::CorpusArgs),
    Fmt(fmt::FmtArgs),
    List(list::ListArgs),
}

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            let _ = e.print();
            return ExitCode::from(if e.use_stderr() { 2 } else { 0 });
        }
    };
    let status = match catch_unwind(AssertUnwindSafe(|| cli.verb.run())) {
        Ok(Ok(status)) => status as u8,
        Ok(Err(failure)) => failure.tell(),
        Err(payload) => Failure::Internal(common::panic_message(payload.as_ref())).tell(),
    };
    ExitCode::from(status)
}

impl Verb {
    fn run(self) -> Result<Status, Failure> {
        match self {
            #[cfg(feature = "hunt")]
            Verb::Hunt(args) => hunt::run(args),
            Verb::Replay(args) => replay::run(args),
            Verb::Report(args) => report::run(args),
            #[cfg(feature = "hunt")]
            Verb::Selftest(args) => selftest::run(args),
            Verb::Shrink(args) => shrink::run(args),
            Verb::Explain(args) => explain::run(args),
            Verb::Prove(args) => prove::run(args),
            Verb::Check(args) => check::run(args),
            Verb::Corpus(args) => corpus::run(args),
            Verb::Fmt(args) => fmt::run(args),
            Verb::List(args) => list::run(args),
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        super::Cli::command().debug_assert();
    }
}
