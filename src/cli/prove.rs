//! `foliofuzz prove`.

use super::common::{Failure, Format, Status, parse_time, stop_flag, usage, warn};
use super::condition::Answer;
use super::load::{InputArgs, Loaded};
use crate::campaign::{Explored, Limits, Position, Progress, Prover, Verdict, write_atomic};
use crate::exec::Runner;
use crate::prog::{Expect, File, Program};
use crate::san::CheckSet;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Run every interleaving of a program
///
/// Of all interleavings with the same happens-before one is run: what a check can see is the same in them. The file's
/// own schedule counts for nothing. Ends at the first finding, with a schedule that shows it in as few preemptions as
/// could be found.
///
/// A line `exists EXPR`, `~exists EXPR` or `forall EXPR` in the file asks of the final state, which is memory when the
/// last operation of every CPU has ended. It is answered with the number of executions that end in each state.
#[derive(Args)]
#[command(after_help = EXIT)]
pub struct ProveArgs {
    /// A repro text, or raw fuzzer input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Only interleavings with at most N preemptions: switches away from a task that could go on
    #[arg(long, value_name = "N")]
    preemptions: Option<u32>,
    /// Stop after this time (90, 60s, 10m, 2h)
    #[arg(long = "for", value_name = "TIME", value_parser = parse_time)]
    time: Option<Duration>,
    /// Stop after this many executions
    #[arg(long, value_name = "N")]
    runs: Option<u64>,
    /// Go on where an earlier search of this program was stopped
    #[arg(long)]
    resume: bool,
    /// Where a schedule that shows a finding goes [default: beside FILE, as <stem>.found.mm]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    input: InputArgs,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

const EXIT: &str = "\
Stopped by Ctrl-C, --for or --runs, it leaves <stem>.prove.json beside FILE, which --resume goes on from.

Exit status: 0 proved, or nothing within the bound, and the condition is validated; 1 a finding, or the condition is not
validated; 2 usage; 3 stopped or gave up; 4 internal error.";

pub fn run(args: ProveArgs) -> Result<Status, Failure> {
    let loaded = args.input.load(&args.file)?;
    let expected = if let Expect::Finding(signature) = &loaded.file.expect { signature } else { "" };
    let checks = args.input.checks.set()?.unwrap_or_else(|| CheckSet::all().expecting(expected));
    let stop = stop_flag().map_err(|e| Failure::Internal(format!("signal handlers: {e}")))?;
    let limits = Limits { preemptions: args.preemptions, runs: args.runs, time: args.time };
    let mut runner = Runner::new(checks);
    let mut teller = Teller::new();
    let mut tell = |p: &Progress| teller.tell(p);
    let mut prover = Prover::new(&mut runner, limits, &stop, &mut tell);
    prover.ask(loaded.file.condition.clone());
    let position = args.file.with_extension("prove.json");
    if args.resume && !prover.resume(&loaded.file.program, read_position(&position)?) {
        let expected = "expected a search of this one";
        return Err(usage(format!("{}: of another program or condition: {expected}", position.display())));
    }
    let verdict = prover.prove(&loaded.file.program);
    let example = match &verdict {
        Verdict::Found { program, signature, .. } => Some(Example {
            program: (**program).clone(),
            expect: Expect::Finding(signature.clone()),
            what: String::new(),
        }),
        _ => condition_example(&mut prover, &loaded),
    };
    let (explored, saved) = (prover.explored, prover.saved(&loaded.file.program));
    let finals = std::mem::take(&mut prover.finals);
    teller.end();
    match &verdict {
        Verdict::Stopped { .. } => save_position(&position, &saved)?,
        _ if args.resume => drop(std::fs::remove_file(&position)),
        _ => {}
    }
    let answer = Answer::of(&finals, &verdict);
    tell_verdict(&args, &loaded, &verdict, (&explored, checks), (answer, example))
}

/// An execution worth keeping.
struct Example {
    program: Program,
    expect: Expect,
    /// What it is an example of, for a comment.
    what: String,
}

/// The execution that settles the question of the file's condition.
fn condition_example(prover: &mut Prover<'_>, loaded: &Loaded) -> Option<Example> {
    let (program, preemptions) = prover.example(&loaded.file.program)?;
    let condition = loaded.file.condition.as_ref()?;
    let what = format!("An execution for {condition}, with {}.", plural(preemptions, "preemption"));
    Some(Example { program, expect: loaded.file.expect.clone(), what })
}

fn read_position(path: &Path) -> Result<Position, Failure> {
    let text = std::fs::read(path).map_err(|e| usage(format!("{}: {e}", path.display())))?;
    serde_json::from_slice(&text).map_err(|e| usage(format!("{}:{}: {e}", path.display(), e.line())))
}

fn save_position(path: &Path, saved: &Position) -> Result<(), Failure> {
    let text = serde_json::to_vec(saved).map_err(|e| Failure::Internal(e.to_string()))?;
    write_atomic(path, &text).map_err(|e| usage(format!("{}: {e}", path.display())))
}

fn plural(n: u32, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// What was covered, in words that claim no more.
fn covered(verdict: &Verdict, checks: CheckSet) -> String {
    match verdict {
        Verdict::Proved if checks.is_empty() => "every interleaving was run, without any check".to_string(),
        Verdict::Proved => {
            "proved: no interleaving of this program shows a finding, under sequential consistency".to_string()
        }
        Verdict::Bounded(n) => {
            format!("bounded: no interleaving with at most {} shows a finding", plural(*n, "preemption"))
        }
        Verdict::Found { signature, preemptions, .. } => {
            format!("found: {signature}, with {}", plural(*preemptions, "preemption"))
        }
        Verdict::Stopped { bound: None } => "stopped: no finding so far, nothing is proved".to_string(),
        Verdict::Stopped { bound: Some(n) } => {
            format!("stopped: no finding with at most {}, nothing is proved beyond", plural(*n, "preemption"))
        }
        Verdict::GaveUp => "gave up: some executions went on for ever, the others showed nothing".to_string(),
    }
}

fn tell_verdict(
    args: &ProveArgs,
    loaded: &Loaded,
    verdict: &Verdict,
    (explored, checks): (&Explored, CheckSet),
    (answer, example): (Option<Answer<'_>>, Option<Example>),
) -> Result<Status, Failure> {
    let name = args.file.display();
    args.format.human(&format!("{name}: {}", covered(verdict, checks)));
    let Explored { executions, cut, gave_up, steps } = explored;
    let endless = if *gave_up > 0 { format!(", {gave_up} of them endless") } else { String::new() };
    args.format.human(&format!("{executions} executions{endless}, {cut} cut short, {steps} steps"));
    let (outcome, bound, signature, status) = match verdict {
        Verdict::Proved => ("proved", None, None, Status::Clean),
        Verdict::Bounded(n) => ("bounded", Some(*n), None, Status::Clean),
        Verdict::Found { signature, .. } => ("found", args.preemptions, Some(signature.clone()), Status::Finding),
        Verdict::Stopped { bound } => ("gave_up", *bound, None, Status::GaveUp),
        Verdict::GaveUp => ("gave_up", None, None, Status::GaveUp),
    };
    let file = example.map(|example| keep(args, loaded, example)).transpose()?;
    if let Some(answer) = &answer {
        let stem = args.file.file_stem().map_or_else(String::new, |s| s.to_string_lossy().into_owned());
        answer.tell(args.format, &stem);
    }
    let found = matches!(verdict, Verdict::Found { .. });
    if let Some(file) = &file {
        let what = answer.as_ref().filter(|_| !found).map_or(String::new(), |a| format!("{}: ", a.example()));
        args.format.human(&format!("{what}{file}"));
    }
    args.format.json(|| {
        json!({
            "schema": 1,
            "outcome": outcome,
            "executions": executions,
            "cut": cut,
            "steps": steps,
            "preemption_bound": bound,
            "signature": signature,
            "file": file.as_ref().filter(|_| found),
            "condition": answer.as_ref().map(|a| a.json(file.as_deref().filter(|_| !found))),
        })
    });
    Ok(match answer.map(|a| a.status()) {
        // The question of the file is answered, though the rest is not known.
        Some(answered) if !found => answered,
        _ => status,
    })
}

/// Writes an execution beside the file.
fn keep(args: &ProveArgs, loaded: &Loaded, example: Example) -> Result<String, Failure> {
    let output = args.output.clone().unwrap_or_else(|| args.file.with_extension("found.mm"));
    let mut file = File { program: example.program, expect: example.expect, ..loaded.file.clone() };
    file.comments.extend(Some(example.what).filter(|w| !w.is_empty()));
    write_atomic(&output, file.print().as_bytes()).map_err(|e| usage(format!("{}: {e}", output.display())))?;
    Ok(output.display().to_string())
}

/// The progress line, or one line now and then where there is no terminal.
pub(super) struct Teller {
    bar: Option<ProgressBar>,
    told: Duration,
}

/// Between two lines without a terminal.
const EVERY: Duration = Duration::from_secs(10);

impl Teller {
    pub fn new() -> Teller {
        let style = ProgressStyle::with_template("{spinner} {msg}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
        let terminal = std::io::stderr().is_terminal();
        Teller { bar: terminal.then(|| ProgressBar::new_spinner().with_style(style)), told: Duration::ZERO }
    }

    pub fn tell(&mut self, p: &Progress) {
        let seconds = p.elapsed.as_secs_f64();
        let rate = (p.explored.executions + p.explored.cut) as f64 / seconds.max(0.001);
        let bound = p.bound.map_or(String::new(), |n| format!("at most {}, ", plural(n, "preemption")));
        let line = || {
            format!(
                "{bound}{} executions, {} cut short, {rate:.0}/s, about {:.2} % done, {seconds:.1} s",
                p.explored.executions,
                p.explored.cut,
                100.0 * p.share
            )
        };
        match &self.bar {
            Some(bar) => {
                bar.set_message(line());
                bar.tick();
            }
            None if p.elapsed >= self.told + EVERY => {
                self.told = p.elapsed;
                warn(&line());
            }
            None => {}
        }
    }

    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
