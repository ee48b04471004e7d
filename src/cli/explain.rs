//! `foliofuzz explain`.

use super::common::{Failure, Format, Status, say};
use super::load::InputArgs;
use crate::exec::Outcome;
use crate::report::DiagramStyle;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Tell a finding: the report and the diagram of the interleaving
///
/// The exit status is 0 if there was something to tell.
#[derive(Args)]
pub struct ExplainArgs {
    /// A repro text, or raw fuzzer input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// How wide: `kernel` for mails and commit messages, `wide` for terminals
    #[arg(long, value_enum, default_value_t)]
    style: Style,
    /// Every step of the execution as well
    #[arg(long)]
    trace: bool,
    #[command(flatten)]
    input: InputArgs,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Style {
    #[default]
    Kernel,
    Wide,
}

pub fn run(args: ExplainArgs) -> Result<Status, Failure> {
    let loaded = args.input.load(&args.file)?;
    let executed = args.input.execute(&loaded)?;
    let Some(report) = executed.shown.report() else {
        args.format.human(&format!("{}: nothing is found, so there is nothing to explain", args.file.display()));
        let gave_up = matches!(executed.shown.outcome, Outcome::GaveUp(_));
        return Ok(if gave_up { Status::GaveUp } else { Status::Finding });
    };
    let style = match args.style {
        Style::Kernel => DiagramStyle::KERNEL,
        Style::Wide => DiagramStyle::WIDE,
    };
    if args.format == Format::Text {
        say(report.splat().trim_end());
        say("");
        say(report.diagram(&style).trim_end());
        if args.trace {
            say("");
            say(report.trace_text().trim_end());
        }
    }
    args.format.json(|| report.json());
    Ok(Status::Clean)
}
