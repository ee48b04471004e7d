//! `foliofuzz explain`.

use super::common::{Failure, Status, say, usage};
use super::formats::FormatArgs;
use super::load::{Executed, InputArgs, Loaded, verdict};
use crate::campaign::write_atomic;
use crate::exec::Outcome;
use crate::prog::{Expect, File};
use crate::report::{Case, DiagramStyle, Report, Verdict, perfetto};
use crate::san::CheckSet;
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

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
    /// Columns of text of the diagram, instead of the style's 75 or 118
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(40..=250))]
    width: Option<u16>,
    /// Tabs between the columns of the diagram, at tab stops of 8
    #[arg(long)]
    tabs: bool,
    /// Every step of the execution as well
    #[arg(long)]
    trace: bool,
    /// Write a page to OUT: lanes, the state at every step, stepping with the keyboard; one file, no network
    #[arg(long, value_name = "OUT")]
    html: Option<PathBuf>,
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    format: FormatArgs,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Style {
    #[default]
    Kernel,
    Wide,
}

pub fn run(args: ExplainArgs) -> Result<Status, Failure> {
    let mut output = args.format.open(1)?;
    let loaded = args.input.load(&args.file)?;
    let executed = args.input.execute(&loaded)?;
    let shown = &executed.shown;
    output.trace(|| perfetto(&shown.program, &shown.trace, shown.finding()));
    let told = shown.report().map(|r| r.told());
    let complaint = told.as_ref().map_or_else(|| verdict(&loaded, &executed), |t| Verdict::NotMet(t.title.clone()));
    output.case(|| Case::of_file(&loaded.path, complaint, told));
    let Some(report) = shown.report() else {
        output.finish()?;
        output.human(&format!("{}: nothing is found, so there is nothing to explain", args.file.display()));
        let gave_up = matches!(executed.shown.outcome, Outcome::GaveUp(_));
        return Ok(if gave_up { Status::GaveUp } else { Status::Finding });
    };
    let style = match args.style {
        Style::Kernel => DiagramStyle::KERNEL,
        Style::Wide => DiagramStyle::WIDE,
    };
    let style = DiagramStyle { width: args.width.map_or(style.width, usize::from), tabs: args.tabs };
    if let Some(out) = &args.html {
        write_page(out, &report, &loaded, &executed)?;
    }
    if output.is_text() {
        say(report.splat().trim_end());
        say("");
        say(report.diagram(&style).trim_end());
        if args.trace {
            say("");
            say(report.trace_text().trim_end());
        }
    }
    if let Some(out) = &args.html {
        output.human(&format!("\nthe page is in {}", out.display()));
    }
    output.json(|| report.json());
    output.finish()?;
    Ok(Status::Clean)
}

/// Writes the page, with the program as it was executed and the commands that execute it again.
fn write_page(out: &Path, report: &Report, loaded: &Loaded, executed: &Executed) -> Result<(), Failure> {
    let shown = &executed.shown;
    let program = shown.named().unwrap_or_else(|| shown.program.clone());
    let comments = loaded.file.comments.clone();
    let file = File { expect: Expect::Finding(report.signature()), comments, ..File::new(program) };
    let checks = match executed.checks {
        all if all == CheckSet::all() => String::new(),
        checks => format!(" --checks {checks}"),
    };
    let commands = ["replay", "explain", "prove"].map(|verb| format!("foliofuzz {verb}{checks} repro.mm"));
    let page = report.html(&file, &commands);
    write_atomic(out, page.as_bytes()).map_err(|e| usage(format!("{}: {e}", out.display())))
}
