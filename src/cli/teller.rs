//! What a hunt shows: progress, findings, the summary.

use super::common::{Failure, Status, usage, warn};
use super::formats::Output;
use crate::campaign::Setup;
use crate::campaign::find_ops;
use crate::campaign::hunt::{Announced, End, Found, Job, Keeper, Observer, Overview, Plan, Stats, Trouble};
use crate::ops::TABLE;
use crate::report::{Case, Verdict};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::json;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Between two lines of progress where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// The lines that are drawn anew all the time, on a terminal.
struct Screen {
    all: MultiProgress,
    total: ProgressBar,
    /// If there is more than one.
    jobs: Vec<ProgressBar>,
}

impl Screen {
    fn new(jobs: usize) -> Screen {
        let all = MultiProgress::new();
        let line = |template: &str| {
            let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner());
            all.add(ProgressBar::new_spinner().with_style(style))
        };
        let jobs = if jobs > 1 { (0..jobs).map(|_| line("  {msg}")).collect() } else { Vec::new() };
        let total = line("{spinner} {msg}");
        Screen { all, total, jobs }
    }
}

/// The view of a hunt on the standard streams.
pub struct Teller {
    output: Output,
    setup: Setup,
    seed: u64,
    jobs: usize,
    out: PathBuf,
    screen: Option<Screen>,
    line: Instant,
}

impl Teller {
    pub fn new(output: Output, plan: &Plan) -> Teller {
        Teller {
            output,
            setup: plan.setup.clone(),
            seed: plan.seed,
            jobs: plan.jobs,
            out: plan.out.clone(),
            screen: std::io::stderr().is_terminal().then(|| Screen::new(plan.jobs)),
            line: Instant::now(),
        }
    }

    /// The first lines: what is drawn from what.
    pub fn begin(&self, keeper: Option<&Keeper>) -> Result<(), String> {
        let setup = &self.setup;
        let (chosen, every) = (setup.ops()?, find_ops("", setup.model()?.kernel)?);
        let name = |op: &u8| TABLE.get(*op as usize).map_or("?", |o| o.name);
        let off: Vec<&str> = every.iter().filter(|op| !chosen.contains(op)).map(name).collect();
        let off = if off.is_empty() { String::new() } else { format!(" (off: {})", off.join(", ")) };
        let jobs = if self.jobs > 1 { format!("  jobs {}", self.jobs) } else { String::new() };
        self.human(&format!(
            "foliofuzz {} kernel {} checks={}{jobs}",
            env!("CARGO_PKG_VERSION"),
            setup.kernel,
            setup.checks
        ));
        self.human(&format!(
            "seed {:#018x}  sched {}(rounds={})  ops {}/{}{off}  rcu_free={} irqoff_is_reader={}",
            self.seed,
            setup.sched,
            setup.rounds,
            chosen.len(),
            every.len(),
            on_off(setup.rcu_free),
            on_off(setup.irqoff_is_reader),
        ));
        self.human(&format!("bugs: {}", if setup.bugs.is_empty() { "none".into() } else { setup.bugs.join(", ") }));
        if let Some((parts @ 1.., execs, seconds)) = keeper.map(Keeper::so_far) {
            let dir = self.out.display();
            self.human(&format!(
                "part {} of the campaign in {dir}, after {execs} executions in {seconds:.1} s; the seed is a new one",
                parts + 1
            ));
        }
        Ok(())
    }

    fn human(&self, text: &str) {
        match &self.screen {
            Some(screen) => screen.all.suspend(|| self.output.human(text)),
            None => self.output.human(text),
        }
    }

    /// A line of the log.
    fn log(&self, text: &str) {
        match &self.screen {
            Some(screen) => screen.all.suspend(|| warn(text)),
            None => warn(text),
        }
    }

    /// The findings for the formats of continuous integration; a hunt without any is a case, too.
    fn cases(&mut self, outcome: &str, found: &[Found]) {
        for f in found {
            let file = &f.file;
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
        let (name, file) = (self.setup.kernel.clone(), String::new());
        self.output.case(|| Case { group: "hunt".to_string(), name, file, verdict, told: None });
    }

    fn summary(&self, end: End, hunt: &Overview, found: &[Found]) {
        let stats = hunt.total;
        let why = match end {
            End::Budget => "budget used up",
            End::Found => "found what there is to find",
            End::Stopped => "stopped",
        };
        let gave_up = if stats.gave_up == 0 { String::new() } else { format!(", {} gave up", stats.gave_up) };
        self.human(&format!("{why}: {}{gave_up}", total_text(hunt)));
        if found.is_empty() && hunt.unfinished.is_empty() {
            self.human(&format!("no finding in {} executions", stats.execs));
        }
        for f in found {
            self.human(&format!("  {} (execution {}): {}", f.signature, f.first_exec, f.file.display()));
        }
        for signature in hunt.unfinished {
            self.human(&format!("  {signature}: saved, not minimized (--resume minimizes it)"));
        }
    }

    fn json(&self, outcome: &str, hunt: &Overview, found: &[Found]) -> serde_json::Value {
        let stats = hunt.total;
        let findings = found.iter().map(|f| {
            json!({
                "signature": f.signature,
                "check": f.check,
                "title": f.title,
                "first_exec": f.first_exec,
                "file": f.file.display().to_string(),
                "ops": f.ops,
                "switches": f.switches,
                "cause": f.cause,
                "same_as": f.bucket,
            })
        });
        json!({
            "schema": 1,
            "outcome": outcome,
            "kernel": self.setup.kernel,
            "bugs": self.setup.bugs,
            "seed": self.seed,
            "jobs": self.jobs,
            "sched": self.setup.sched,
            "execs": stats.execs,
            "steps": stats.steps,
            "gave_up": stats.gave_up,
            "inputs": stats.inputs,
            "distinct": stats.seen.estimate(),
            "seconds": (stats.elapsed.as_secs_f64() * 1000.0).round() / 1000.0,
            "unfinished": hunt.unfinished,
            "findings": findings.collect::<Vec<_>>(),
        })
    }
}

fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

fn rate(execs: u64, time: Duration) -> f64 {
    let seconds = time.as_secs_f64();
    if seconds > 0.0 { execs as f64 / seconds } else { 0.0 }
}

/// `corpus 210 (new 3 s ago)`.
fn corpus_text(stats: &Stats) -> String {
    format!("corpus +{} (new {} s ago)", stats.corpus, stats.quiet.as_secs())
}

fn total_text(hunt: &Overview) -> String {
    let (s, seconds) = (hunt.total, hunt.total.elapsed.as_secs_f64());
    let corpus = if hunt.has_corpus { format!(", {}", corpus_text(s)) } else { String::new() };
    format!(
        "{} execs, {:.0}/s, {} interleavings, {} inputs{corpus}, {} findings, {seconds:.1} s",
        s.execs,
        rate(s.execs, s.elapsed),
        s.seen.estimate(),
        s.inputs,
        hunt.findings
    )
}

/// The line of one job.
fn job_text(number: usize, job: &Job) -> String {
    let s = &job.stats;
    let (execs, rate) = (job.execs(), rate(s.execs, s.elapsed));
    let ended = if job.alive { "" } else { ", ended" };
    format!("job {number}: {execs} execs, {rate:.0}/s, {} interleavings, {}{ended}", s.seen.estimate(), corpus_text(s))
}

/// A path as a word of a shell.
fn shell_word(path: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-/+".contains(&b);
    if path.bytes().all(plain) { path.to_string() } else { format!("'{}'", path.replace('\'', "'\\''")) }
}

impl Observer for Teller {
    fn progress(&mut self, hunt: &Overview) {
        if let Some(screen) = &self.screen {
            for (number, (line, job)) in screen.jobs.iter().zip(hunt.jobs).enumerate() {
                line.set_message(job_text(number, job));
            }
            screen.total.set_message(total_text(hunt));
            screen.total.tick();
        } else if self.line.elapsed() >= LINE_EVERY {
            self.line = Instant::now();
            warn(&total_text(hunt));
            if hunt.jobs.len() > 1 {
                hunt.jobs.iter().enumerate().for_each(|(n, job)| warn(&format!("  {}", job_text(n, job))));
            }
        }
    }

    fn announced(&mut self, new: &Announced) {
        let text = format!("minimizing {}", new.signature);
        match &self.screen {
            Some(screen) if self.jobs == 1 => {
                screen.total.set_message(text);
                screen.total.tick();
            }
            _ => self.log(&text),
        }
    }

    fn note(&mut self, text: &str) {
        self.log(text);
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
        let path = f.file.display().to_string();
        if let Some(bucket) = &f.bucket {
            text.push_str(&format!("the same bug as {bucket}\n"));
        }
        text.push_str(&format!("saved: {path}\n"));
        let checks = match self.setup.checks.as_str() {
            "all" => String::new(),
            checks => format!(" --checks={checks}"),
        };
        for verb in ["replay", "shrink", "explain"] {
            text.push_str(&format!("  foliofuzz {verb} {}{checks}\n", shell_word(&path)));
        }
        self.human(&text);
    }

    fn finish(&mut self, end: End, hunt: &Overview, found: &[Found], trouble: Option<&Trouble>) -> u8 {
        if let Some(screen) = self.screen.take() {
            let _ = screen.all.clear();
        }
        if let (Some(Trouble::Defect(message)), 1) = (trouble, self.jobs) {
            return Failure::Internal(message.clone()).tell();
        }
        let stats = hunt.total;
        let (outcome, status) = if !found.is_empty() || !hunt.unfinished.is_empty() {
            ("found", Status::Finding)
        } else if stats.execs > 0 && stats.gave_up == stats.execs {
            ("gave_up", Status::GaveUp)
        } else {
            ("clean", Status::Clean)
        };
        self.summary(end, hunt, found);
        let failure = trouble.map(|t| match t {
            Trouble::Failed(why) => usage(format!("{why}: the hunt ends; what was there stays")),
            Trouble::Defect(message) => Failure::Internal(message.clone()),
        });
        let object = self.json(outcome, hunt, found);
        self.output.json(|| object);
        self.cases(outcome, found);
        let written = self.output.finish();
        match failure.or(written.err()) {
            Some(failure) => failure.tell(),
            None => status as u8,
        }
    }
}
