//! `foliofuzz hunt`.

use super::common::{CheckArgs, Failure, ModelArgs, Status, parse_time, stop_flag, usage, warn};
use super::formats::{FormatArgs, Output};
use crate::campaign::hunt::{self, End, Found, Observer, Options, Stats};
use crate::campaign::{OpFilter, ROUNDS, bug_slugs, corpus, find_ops};
use crate::ops::TABLE;
use crate::report::{Case, Verdict};
use crate::san::CheckSet;
use crate::sched;
use crate::vocab::Model;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const STOP_RULE: &str = "\
A hunt ends at its budget (--for, --runs), at Ctrl-C, and, without --keep-going,
  - when every bug that is in the chosen kernel has caused a finding,
  - at a finding that none of them causes, in particular
  - at the first finding if there is no bug in the kernel.
Without a budget it goes on until then. Each signature is minimized, attributed to the bugs without which it is
gone, and saved once. A clean end means: no finding in that many executions, and nothing more.

Exit status: 0 no finding, 1 findings, 2 usage, 3 every execution gave up, 4 internal error.";

/// Between two lines of progress where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Search for findings: programs by libFuzzer, schedules by an inner loop
#[derive(Args)]
#[command(after_help = STOP_RULE)]
pub struct HuntArgs {
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    checks: CheckArgs,
    /// Only these operations of `list ops` (a,b), or all but these (--ops=-a,-b)
    #[arg(long, value_name = "LIST", allow_hyphen_values = true)]
    ops: Option<String>,
    /// Stop after this time (90, 60s, 10m, 2h)
    #[arg(long = "for", value_name = "TIME", value_parser = parse_time)]
    time: Option<Duration>,
    /// Stop after this many executions
    #[arg(long, value_name = "N")]
    runs: Option<u64>,
    /// Seed of everything random, decimal or 0x… [default: from the clock]
    #[arg(long, value_name = "SEED", value_parser = seed)]
    seed: Option<u64>,
    /// Schedules each program is run under
    #[arg(long, value_name = "K", default_value_t = ROUNDS)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rounds: u32,
    /// What chooses who runs, of `list scheds`: a name, then its parameters (pct:5)
    #[arg(long, value_name = "NAME[:PARAM]", default_value = "scatter")]
    sched: String,
    /// Go on after the last finding to be expected
    #[arg(long)]
    keep_going: bool,
    /// Read seeds (.mm texts or raw input) from this directory, and write interesting inputs to it
    #[arg(long, value_name = "DIR")]
    corpus: Option<PathBuf>,
    /// Where findings go
    #[arg(long, value_name = "DIR", default_value = "findings")]
    out: PathBuf,
    #[command(flatten)]
    format: FormatArgs,
}

fn seed(text: &str) -> Result<u64, String> {
    let parsed = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(&hex.replace('_', ""), 16),
        None => text.parse(),
    };
    parsed.map_err(|_| "expected a number of 64 bits, decimal or 0x…".to_string())
}

pub fn run(args: HuntArgs) -> Result<Status, Failure> {
    let model = args.model.choice().model().map_err(usage)?;
    let checks = args.checks.set()?.unwrap_or_else(CheckSet::all);
    sched::parse(&args.sched).map_err(|e| usage(format!("--sched: {e}")))?;
    let every = find_ops("", model.kernel).map_err(Failure::Internal)?;
    let chosen = find_ops(args.ops.as_deref().unwrap_or(""), model.kernel).map_err(usage)?;
    if let Some(dir) = &args.corpus {
        corpus::stamp(dir).map_err(usage)?;
    }
    let seed = args.seed.unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |t| t.as_nanos() as u64);
        now.wrapping_mul(0x9E37_79B9_7F4A_7C15)
    });
    let stop = stop_flag().map_err(|e| Failure::Internal(format!("signal handlers: {e}")))?;
    let filter = (chosen != every).then(|| OpFilter::new(chosen.clone()));
    let teller = Teller::new(&args, model, seed)?;
    teller.begin(&every, &chosen);
    let options = Options {
        model,
        checks,
        ops: filter,
        runs: args.runs,
        time: args.time,
        seed,
        rounds: args.rounds,
        sched: args.sched,
        keep_going: args.keep_going,
        corpus: args.corpus,
        out: args.out,
    };
    Err(Failure::Internal(hunt::run(options, stop, Box::new(teller))))
}

struct Teller {
    output: Output,
    model: Model,
    seed: u64,
    rounds: u32,
    sched: String,
    checks: Option<String>,
    bar: Option<ProgressBar>,
    line: Instant,
}

impl Teller {
    fn new(args: &HuntArgs, model: Model, seed: u64) -> Result<Teller, Failure> {
        let terminal = std::io::stderr().is_terminal();
        let style = ProgressStyle::with_template("{spinner} {msg}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
        Ok(Teller {
            output: args.format.open(0)?,
            model,
            seed,
            rounds: args.rounds,
            sched: args.sched.clone(),
            checks: args.checks.checks.clone(),
            bar: terminal.then(|| ProgressBar::new_spinner().with_style(style)),
            line: Instant::now(),
        })
    }

    /// The first lines: what is drawn from what.
    fn begin(&self, every: &[u8], chosen: &[u8]) {
        let name = |op: &u8| TABLE.get(*op as usize).map_or("?", |o| o.name);
        let off: Vec<&str> = every.iter().filter(|op| !chosen.contains(op)).map(name).collect();
        let off = if off.is_empty() { String::new() } else { format!(" (off: {})", off.join(", ")) };
        let bugs = bug_slugs(self.model.bugs).join(", ");
        let checks = self.checks.as_deref().unwrap_or("all");
        let kernel = self.model.kernel.name();
        self.human(&format!("foliofuzz {} kernel {kernel} checks={checks}", env!("CARGO_PKG_VERSION")));
        self.human(&format!(
            "seed {:#018x}  sched {}(rounds={})  ops {}/{}{off}  rcu_free={} irqoff_is_reader={}",
            self.seed,
            self.sched,
            self.rounds,
            chosen.len(),
            every.len(),
            on_off(self.model.rcu_free),
            on_off(self.model.irqoff_is_reader),
        ));
        self.human(&format!("bugs: {}", if bugs.is_empty() { "none" } else { &bugs }));
    }

    fn human(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| self.output.human(text)),
            None => self.output.human(text),
        }
    }

    /// The findings for the formats of continuous integration; a hunt without any is a case, too.
    fn cases(&mut self, outcome: &str, found: &[Found]) {
        for f in found {
            let file = f.file.clone().unwrap_or_default();
            let name =
                file.parent().and_then(|p| p.file_name()).map_or(f.signature.clone(), |n| n.display().to_string());
            self.output.case(|| Case {
                group: "hunt".to_string(),
                name,
                file: file.display().to_string(),
                verdict: Verdict::NotMet(f.title.clone()),
                told: Some(f.told.clone()),
            });
        }
        let verdict = match outcome {
            "clean" => Verdict::Met,
            "gave_up" => Verdict::GaveUp("every execution used its budget up".to_string()),
            _ => return,
        };
        let (name, file) = (self.model.kernel.name().to_string(), String::new());
        self.output.case(|| Case { group: "hunt".to_string(), name, file, verdict, told: None });
    }

    fn summary(&self, end: End, stats: &Stats, found: &[Found]) {
        let why = match end {
            End::Budget => "budget used up",
            End::Found => "found what there is to find",
            End::Stopped => "stopped",
        };
        let gave_up = if stats.gave_up == 0 { String::new() } else { format!(", {} gave up", stats.gave_up) };
        self.human(&format!("{why}: {}{gave_up}", progress_text(stats)));
        if found.is_empty() {
            self.human(&format!("no finding in {} executions", stats.execs));
        }
        for f in found {
            let file = f.file.as_ref().map_or_else(Clone::clone, |p| p.display().to_string());
            self.human(&format!("  {} (execution {}): {file}", f.signature, f.first_exec));
        }
    }

    fn json(&self, outcome: &str, stats: &Stats, found: &[Found]) -> serde_json::Value {
        let findings = found.iter().map(|f| {
            json!({
                "signature": f.signature,
                "check": f.check,
                "title": f.title,
                "first_exec": f.first_exec,
                "file": f.file.as_ref().ok().map(|p| p.display().to_string()),
                "ops": f.ops,
                "switches": f.switches,
                "cause": f.cause,
                "same_as": f.bucket,
            })
        });
        json!({
            "schema": 1,
            "outcome": outcome,
            "kernel": self.model.kernel.name(),
            "bugs": bug_slugs(self.model.bugs),
            "seed": self.seed,
            "sched": self.sched,
            "execs": stats.execs,
            "steps": stats.steps,
            "gave_up": stats.gave_up,
            "inputs": stats.inputs,
            "distinct": stats.distinct,
            "seconds": (stats.elapsed.as_secs_f64() * 1000.0).round() / 1000.0,
            "findings": findings.collect::<Vec<_>>(),
        })
    }
}

fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

fn progress_text(s: &Stats) -> String {
    let seconds = s.elapsed.as_secs_f64();
    let rate = if seconds > 0.0 { s.execs as f64 / seconds } else { 0.0 };
    format!(
        "{} execs, {rate:.0}/s, {} interleavings, {} inputs, {} findings, {seconds:.1} s",
        s.execs, s.distinct, s.inputs, s.findings
    )
}

/// A path as a word of a shell.
fn shell_word(path: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-/+".contains(&b);
    if path.bytes().all(plain) { path.to_string() } else { format!("'{}'", path.replace('\'', "'\\''")) }
}

impl Observer for Teller {
    fn progress(&mut self, stats: &Stats) {
        if let Some(bar) = &self.bar {
            bar.set_message(progress_text(stats));
            bar.tick();
        } else if self.line.elapsed() >= LINE_EVERY {
            self.line = Instant::now();
            warn(&progress_text(stats));
        }
    }

    fn minimizing(&mut self, signature: &str) {
        match &self.bar {
            Some(bar) => {
                bar.set_message(format!("minimizing {signature}"));
                bar.tick();
            }
            None => warn(&format!("minimizing {signature}")),
        }
    }

    fn found(&mut self, f: &Found) {
        let (ops, switches) = f.before;
        let mut text = format!(
            "\n{}\nsignature: {}\ncause: {}\n\
             found in execution {}; {ops} ops / {switches} switches -> {} ops / {} switches\n",
            f.title,
            f.signature,
            if f.cause.is_empty() { "no known bug".to_string() } else { f.cause.join(", ") },
            f.first_exec,
            f.ops,
            f.switches,
        );
        match &f.file {
            Ok(path) => {
                let path = path.display().to_string();
                if let Some(bucket) = &f.bucket {
                    text.push_str(&format!("the same bug as {bucket}\n"));
                }
                text.push_str(&format!("saved: {path}\n"));
                let checks = self.checks.as_ref().map_or(String::new(), |c| format!(" --checks={c}"));
                for verb in ["replay", "shrink", "explain"] {
                    text.push_str(&format!("  foliofuzz {verb} {}{checks}\n", shell_word(&path)));
                }
            }
            Err(e) => text.push_str(&format!("not saved: {e}\n")),
        }
        self.human(&text);
    }

    fn finish(&mut self, end: End, stats: &Stats, found: &[Found]) -> u8 {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        let (outcome, status) = if !found.is_empty() {
            ("found", Status::Finding)
        } else if stats.execs > 0 && stats.gave_up == stats.execs {
            ("gave_up", Status::GaveUp)
        } else {
            ("clean", Status::Clean)
        };
        self.summary(end, stats, found);
        let object = self.json(outcome, stats, found);
        self.output.json(|| object);
        self.cases(outcome, found);
        self.output.finish().map_or_else(|failure| failure.tell(), |()| status as u8)
    }

    fn defect(&mut self, message: &str) -> u8 {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        Failure::Internal(message.to_string()).tell()
    }
}
