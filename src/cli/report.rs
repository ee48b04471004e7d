//! `foliofuzz report`.

use super::common::{Failure, Status, say, usage};
use super::formats::try_writing;
use crate::bugs::BUGS;
use crate::campaign::reach::Sweep;
use crate::campaign::state::Campaign;
use crate::campaign::{check_folders, corpus, folders, strings, write_atomic};
use crate::prog::listing::{Listing, column};
use crate::report::{CampaignPage, Chart, PageFinding, Reached, grouped, time};
use crate::vocab::Model;
use clap::Args;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Show a campaign on one page: findings, curves, what was reached
#[derive(Args)]
pub struct ReportArgs {
    /// The folder of the campaign: --out of `hunt`
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// The page
    #[arg(long, value_name = "OUT")]
    html: PathBuf,
    /// Inputs of the corpus that are run to see what is reached, at most
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    inputs: usize,
}

pub fn run(args: ReportArgs) -> Result<Status, Failure> {
    let dir = &args.dir;
    let campaign = Campaign::load(dir).map_err(usage)?;
    let campaign = campaign.ok_or_else(|| {
        usage(format!("{}: no campaign.json: expected a folder that `hunt --out` wrote", dir.display()))
    })?;
    check_folders(dir).map_err(usage)?;
    try_writing(&args.html)?;
    let model = campaign.setup.model().map_err(|e| usage(format!("{}: {e}", dir.display())))?;
    let findings = folders(dir);
    let page = CampaignPage {
        title: format!("foliofuzz campaign, kernel {}", campaign.setup.kernel),
        facts: facts(&campaign),
        charts: charts(&campaign),
        findings: findings.iter().map(|(folder, json)| finding(&campaign, folder, json)).collect(),
        expected: expected(&model, &findings),
        reached: reached(&model, &campaign.corpus_of(dir), args.inputs)?,
        parts: parts(&campaign),
    };
    let out = &args.html;
    write_atomic(out, page.html().as_bytes()).map_err(|e| usage(format!("{}: {e}", out.display())))?;
    say(&format!("{}: {} findings, {} executions", out.display(), findings.len(), grouped(campaign.counts.execs)));
    Ok(Status::Clean)
}

fn facts(campaign: &Campaign) -> Vec<(String, String)> {
    let (setup, counts) = (&campaign.setup, &campaign.counts);
    let or = |text: String, otherwise: &str| if text.is_empty() { otherwise.to_string() } else { text };
    let facts = [
        ("kernel", setup.kernel.clone()),
        ("bugs", or(setup.bugs.join(", "), "none")),
        ("checks", setup.checks.clone()),
        ("operations", or(setup.ops.clone(), "all")),
        ("schedules", format!("{} (rounds={})", setup.sched, setup.rounds)),
        ("executions", format!("{} in {}", grouped(counts.execs), time(counts.seconds))),
        ("interleavings", grouped(counts.interleavings)),
        ("inputs", format!("{}, {} of them kept", grouped(counts.inputs), grouped(counts.corpus))),
        ("gave up", grouped(counts.gave_up)),
    ];
    facts.into_iter().map(|(name, value)| (name.to_string(), value)).collect()
}

fn charts(campaign: &Campaign) -> Vec<Chart> {
    let marks: Vec<(f64, String)> = campaign.found.iter().map(|(s, f)| (f.seconds, s.clone())).collect();
    let chart = |title: &str, number: fn(&crate::campaign::state::Sample) -> u64| Chart {
        title: title.to_string(),
        points: campaign.curve.iter().map(|s| (s.seconds, number(s) as f64)).collect(),
        marks: marks.clone(),
    };
    vec![
        chart("executions", |s| s.execs),
        chart("interleavings", |s| s.interleavings),
        chart("inputs kept", |s| s.corpus),
        chart("findings", |s| s.findings),
    ]
}

fn finding(campaign: &Campaign, folder: &Path, json: &Value) -> PageFinding {
    let file = |name: &str| std::fs::read(folder.join(name)).map_or_else(|e| e.to_string(), |b| text(&b));
    let word = |key: &str| json[key].as_str().unwrap_or_default().to_string();
    let signature = word("signature");
    let first = campaign.found.get(&signature);
    let mut facts = vec![("cause", strings(json, "cause").join(", ")), ("same bug", strings(json, "also").join(", "))];
    if let Some(first) = first {
        facts.push(("found", format!("execution {}, after {}", grouped(first.execs), time(first.seconds))));
    }
    if json["minimized"] == false {
        facts.push(("minimized", "not yet: hunt --resume".to_string()));
    }
    let facts = facts.into_iter().filter(|(_, value)| !value.is_empty());
    PageFinding {
        title: word("title"),
        folder: folder.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned()),
        facts: facts.map(|(name, value)| (name.to_string(), value)).collect(),
        diagram: file("diagram.txt"),
        report: file("report.txt"),
        repro: file("min.mm"),
        signature,
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Bugs that are in the kernel and have an expected finding.
fn expected(model: &Model, findings: &[(PathBuf, Value)]) -> Vec<(String, bool)> {
    let caught: BTreeSet<String> = findings.iter().flat_map(|(_, json)| strings(json, "cause")).collect();
    let rows = model.bugs.iter().filter_map(|b| BUGS.get(b.0 as usize)).filter(|b| b.predictive.is_some());
    rows.map(|b| (b.slug.to_string(), caught.contains(b.slug))).collect()
}

/// The name of a line of the list, if it is of the kind.
type Part = fn(&str) -> Option<&str>;

/// Operations, functions and sites that the inputs of a corpus reach, of those known to be reached in that kernel.
fn reached(model: &Model, dir: &Path, most: usize) -> Result<Vec<Reached>, Failure> {
    corpus::check_stamp(dir).map_err(usage)?;
    let files = corpus::files(dir).map_err(usage)?;
    let programs = files.iter().take(most).filter_map(|path| corpus::read(path).ok()?.program(*model));
    let mut sweep = Sweep::default();
    sweep.corpus(model.kernel, programs);
    let (seen, all, at) = (sweep.listing(), Listing::checked_in(), 1 << column(model.kernel));
    let kinds: [(&str, Part); 3] = [
        ("operations", |name| name.strip_prefix("op:")),
        ("functions", |name| name.strip_prefix("fn:")),
        ("sites", |name| (!name.contains(':')).then_some(name)),
    ];
    Ok(kinds
        .map(|(what, of)| {
            let known =
                all.0.iter().filter(|(_, line)| line.seen(at) != 0).filter_map(|(name, _)| of(name).map(|n| (name, n)));
            let (have, missing): (Vec<_>, Vec<_>) = known.partition(|(name, _)| seen.0.contains_key(*name));
            let missing: Vec<String> = missing.into_iter().map(|(_, n)| n.to_string()).collect();
            Reached { what: what.to_string(), reached: have.len(), of: have.len() + missing.len(), missing }
        })
        .into())
}

fn parts(campaign: &Campaign) -> Vec<Vec<String>> {
    let head = ["part", "seed", "jobs", "executions", "time", "end"].map(str::to_string).to_vec();
    let row = |(i, part): (usize, &crate::campaign::state::Part)| {
        vec![
            (i + 1).to_string(),
            format!("{:#018x}", part.seed),
            part.jobs.to_string(),
            grouped(part.execs),
            time(part.seconds),
            part.end.clone().unwrap_or_else(|| "killed".to_string()),
        ]
    };
    std::iter::once(head).chain(campaign.parts.iter().enumerate().map(row)).collect()
}
