//! `foliofuzz check`.

use super::common::{Failure, Format, Status, parse_time, stop_flag, usage};
use super::load::{InputArgs, Loaded};
use super::prove::Teller;
use crate::campaign::{Explored, Judge, Judgement, Limits, Nearest, Progress, Shown, Way, write_atomic};
use crate::prog::{Claim, ClaimFailure, ClaimVerdict, Expect, File, record_text};
use crate::report::{ClaimReport, DiagramStyle, paragraph};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;

/// Can this claimed interleaving happen?
///
/// The claim is a section of the file: steps and states in their order. All its completions are searched. Either it
/// happens, as the printed diagram shows, or the first step that cannot happen is named, with what forbids it. The
/// file's own schedule counts for nothing, and no check ends an execution.
#[derive(Args)]
#[command(after_help = EXIT)]
pub struct JudgeArgs {
    /// A repro text with a `claim` section
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// If the claim is impossible, also look for the closest one that is not
    #[arg(long)]
    nearest: bool,
    /// Stop after this time (90, 60s, 10m, 2h)
    #[arg(long = "for", value_name = "TIME", value_parser = parse_time)]
    time: Option<Duration>,
    /// Stop after this many executions
    #[arg(long, value_name = "N")]
    runs: Option<u64>,
    /// Write the program with the schedule that shows the claim
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    input: InputArgs,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

const EXIT: &str = "\
Exit status: 0 possible; 1 impossible; 2 usage; 3 stopped or gave up; 4 internal error. If the file states an answer
(`verdict: possible`, `verdict: impossible:N`): 0 it is met; 1 it is not.";

pub fn run(args: JudgeArgs) -> Result<Status, Failure> {
    let loaded = args.input.load(&args.file)?;
    let Some(claim) = &loaded.file.claim else {
        return Err(usage(format!("{}: nothing is claimed: expected a `claim` section", args.file.display())));
    };
    let stop = stop_flag().map_err(|e| Failure::Internal(format!("signal handlers: {e}")))?;
    let limits = Limits { preemptions: None, runs: args.runs, time: args.time };
    let mut teller = Teller::new();
    let mut tell = |p: &Progress| teller.tell(p);
    let mut judge = Judge::new(limits, &stop, &mut tell);
    let program = &loaded.file.program;
    let judgement = judge.judge(program, claim);
    let explored = judge.explored;
    let nearest = match &judgement {
        Judgement::Impossible { line, .. } if args.nearest => judge.nearest(program, claim, *line),
        _ => None,
    };
    teller.end();
    Told { args: &args, loaded: &loaded, claim, explored, nearest }.tell(&judgement)
}

struct Told<'a> {
    args: &'a JudgeArgs,
    loaded: &'a Loaded,
    claim: &'a Claim,
    explored: Explored,
    nearest: Option<Nearest>,
}

fn plural(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// `step 3`, `steps 1 to 3`.
fn up_to(line: usize) -> String {
    if line == 1 { "step 1".to_string() } else { format!("steps 1 to {line}") }
}

fn report<'a>(claim: &'a Claim, shown: &'a Shown, failure: Option<&'a ClaimFailure>) -> ClaimReport<'a> {
    ClaimReport { program: &shown.program, claim, trace: &shown.trace, met: &shown.met, failure }
}

impl Told<'_> {
    fn say(&self, text: &str) {
        self.args.format.human(text.trim_end());
    }

    fn tell(&self, judgement: &Judgement) -> Result<Status, Failure> {
        let (answer, status) = match judgement {
            Judgement::Possible(shown) => (Some(ClaimVerdict::Possible), self.possible(shown)?),
            Judgement::Impossible { line, ways } => {
                self.impossible(*line, ways);
                (Some(ClaimVerdict::Impossible(line + 1)), Status::Finding)
            }
            Judgement::Undecided { line } => {
                self.say(&format!("claim: not decided after {}", plural(self.explored.executions, "execution")));
                self.say(&paragraph(&format!("the claim holds at least up to step {line}"), 2));
                (None, Status::GaveUp)
            }
        };
        let stated = self.claim.verdict;
        let met = answer.and_then(|a| stated.map(|s| s == a));
        if let (Some(stated), Some(met)) = (stated, met) {
            let not = if met { "" } else { "not " };
            self.say(&format!("\nthe answer the file states, {stated}, is {not}met"));
        }
        self.args.format.json(|| self.json(judgement, met));
        Ok(match met {
            Some(true) => Status::Clean,
            Some(false) => Status::Finding,
            None => status,
        })
    }

    /// Diagram and schedule of a claim that happens.
    fn possible(&self, shown: &Shown) -> Result<Status, Failure> {
        self.say(&format!("claim: possible, all {} in this order", plural(self.claim.lines.len() as u64, "step")));
        self.shown(self.claim, shown);
        if let Some(output) = &self.args.output {
            let file = self.file(shown);
            write_atomic(output, file.print().as_bytes()).map_err(|e| usage(format!("{}: {e}", output.display())))?;
            self.say(&output.display().to_string());
        }
        Ok(Status::Clean)
    }

    fn file(&self, shown: &Shown) -> File {
        let claim = Claim { verdict: Some(ClaimVerdict::Possible), ..self.claim.clone() };
        let expect = match &shown.signature {
            Some(signature) => Expect::Finding(signature.clone()),
            None => Expect::Clean,
        };
        let comments = self.loaded.file.comments.clone();
        File { expect, comments, claim: Some(claim), ..File::new(shown.program.clone()) }
    }

    fn shown(&self, claim: &Claim, shown: &Shown) {
        self.say("");
        self.say(&report(claim, shown, None).diagram(&DiagramStyle::KERNEL));
        self.say("");
        match shown.verified {
            true => self.say("with this schedule, which was run again:"),
            false => self.say("with these switches, which its named form does not repeat:"),
        }
        let program = &shown.program;
        self.say(&format!("  start cpu{}", program.schedule.start));
        program.schedule.records.iter().for_each(|r| self.say(&format!("  {}", record_text(program, r))));
        if let Some(signature) = &shown.signature {
            self.say(&format!("\nit also breaks a rule:\n  {signature}"));
            if let Some(damage) = &shown.damage {
                self.say(&format!("and does damage (--checks actual):\n  {damage}"));
            }
            let file = self.args.output.as_ref().map_or("FILE".to_string(), |p| p.display().to_string());
            self.say(&format!("  foliofuzz explain {file}"));
            if self.args.output.is_none() {
                self.say("(`-o FILE` writes the program with that schedule)");
            }
        }
    }

    fn impossible(&self, line: usize, ways: &[Way]) {
        let total = self.claim.lines.len();
        self.say(&format!("claim: step {} of {total} cannot happen", line + 1));
        if let Some(claimed) = self.claim.lines.get(line) {
            self.say(&paragraph(&format!("claimed: {claimed}"), 2));
        }
        for (n, (sentences, executions)) in self.told(ways).iter().enumerate() {
            for (i, sentence) in sentences.iter().enumerate() {
                let or = if n > 0 && i == 0 { "or " } else { "" };
                let of = match (i, ways.len()) {
                    (0, 2..) => format!(" (in {})", plural(*executions, "execution")),
                    _ => String::new(),
                };
                self.say(&paragraph(&format!("{or}{sentence}{of}"), 2));
            }
        }
        let runs = plural(self.explored.executions, "execution");
        if line == 0 {
            self.say(&paragraph(&format!("over {runs}, every completion"), 2));
        } else {
            let text = format!("the claim holds up to step {line} (diagram below)");
            self.say(&paragraph(&text, 2));
            let alone = if self.claim.exactly { " in which no other CPU runs between two" } else { "" };
            self.say(&paragraph(&format!("over {runs}, every completion of {}{alone}", up_to(line)), 2));
        }
        if let Some(way) = ways.first() {
            self.say("");
            self.say(&report(self.claim, &way.shown, Some(&way.failure)).diagram(&DiagramStyle::KERNEL));
        }
        self.tell_nearest();
    }

    /// Why it fails in each way: all sentences of the first, the reasons of the others, and in how many executions.
    fn told(&self, ways: &[Way]) -> Vec<(Vec<String>, u64)> {
        let mut told: Vec<(Vec<String>, u64)> = Vec::new();
        for way in ways {
            let mut why = report(self.claim, &way.shown, Some(&way.failure)).why();
            match told.iter_mut().find(|t| t.0.first() == why.first()) {
                Some(same) => same.1 += way.executions,
                None => {
                    why.truncate(if told.is_empty() { why.len() } else { 1 });
                    told.push((why, way.executions));
                }
            }
        }
        told
    }

    fn tell_nearest(&self) {
        if !self.args.nearest {
            return;
        }
        self.say("");
        let Some(nearest) = &self.nearest else { return self.say("no claim close to it was found that can happen") };
        self.say("the closest that can happen:");
        nearest.changes.iter().for_each(|c| self.say(&paragraph(c, 2)));
        self.say("which is");
        for (i, line) in nearest.claim.lines.iter().enumerate() {
            self.say(&format!("  {:2}  {line}", i + 1));
        }
        self.shown(&nearest.claim, &nearest.shown);
    }

    fn json(&self, judgement: &Judgement, met: Option<bool>) -> serde_json::Value {
        let Explored { executions, cut, steps, .. } = self.explored;
        let mut value = json!({
            "schema": 1,
            "outcome": "gave_up",
            "step": null,
            "site": null,
            "why": null,
            "steps": self.claim.lines.len(),
            "executions": executions,
            "cut": cut,
            "points": steps,
            "verdict": self.claim.verdict.map(|v| v.to_string()),
            "met": met,
        });
        match judgement {
            Judgement::Possible(shown) => {
                value["outcome"] = "possible".into();
                value["holds_up_to"] = self.claim.lines.len().into();
                value["verified"] = shown.verified.into();
                value["signature"] = shown.signature.clone().into();
                value["damage"] = shown.damage.clone().into();
                value["file"] = self.args.output.as_ref().map(|p| p.display().to_string()).into();
            }
            Judgement::Impossible { line, ways } => {
                value["outcome"] = "impossible".into();
                value["step"] = (line + 1).into();
                value["holds_up_to"] = (*line).into();
                if let Some(way) = ways.first() {
                    let report = report(self.claim, &way.shown, Some(&way.failure));
                    let why = report.why();
                    value["site"] = report.site().into();
                    value["why"] = why.first().cloned().into();
                    value["state"] = why.get(1..).unwrap_or_default().to_vec().into();
                }
                value["nearest"] = self.nearest.as_ref().map(|n| n.changes.clone()).into();
            }
            Judgement::Undecided { line } => value["holds_up_to"] = (*line).into(),
        }
        value
    }
}
