//! `foliofuzz corpus`: artifacts into findings, findings into stored programs, corpora that stay small.

use super::common::{CheckArgs, Failure, Format, ModelArgs, Status, check_out, stop_flag, usage, warn};
use super::formats::{FormatArgs, Output};
use super::load::{InputArgs, Loaded, is_met};
use crate::campaign::corpus::{self, Entry, Features, Form, Probe, Smaller};
use crate::campaign::{Analysis, Bucketed, SHRINK_BUDGET, Searcher, bucket, bug_slugs, write_atomic};
use crate::exec::{Outcome, Runner};
use crate::ops::TABLE;
use crate::prog::{Expect, File};
use crate::report::{Case, Verdict};
use crate::san::CheckSet;
use crate::vocab::Model;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Keep corpora and findings: add artifacts, minimize, count, promote
#[derive(Args)]
pub struct CorpusArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    Add(AddArgs),
    Min(MinArgs),
    Stats(StatsArgs),
    Promote(PromoteArgs),
}

pub fn run(args: CorpusArgs) -> Result<Status, Failure> {
    match args.what {
        What::Add(args) => add(&args),
        What::Min(args) => min(&args),
        What::Stats(args) => stats(&args),
        What::Promote(args) => promote(&args),
    }
}

/// Put artifacts into the folders of their bugs
///
/// Artifacts are what a fuzz target crashed with (crash-… of `cargo fuzz run`, bytes or text) or repro texts. Each runs
/// as in the fuzz target, under its own and the drawn schedules; what is found first counts. A signature that has no
/// folder yet is minimized and attributed to the bugs without which it is gone; otherwise its repro joins the folder,
/// which keeps five. Give the --kernel and --bug the target had.
///
/// Exit status: 0 nothing is found, 1 findings, 2 usage or a file that is no program, 3 everything gave up.
#[derive(Args)]
struct AddArgs {
    /// Artifacts, or folders of them
    #[arg(required = true, value_name = "DIR|FILE")]
    inputs: Vec<PathBuf>,
    /// Where findings go
    #[arg(long, value_name = "DIR", default_value = "findings")]
    out: PathBuf,
    /// Candidates tried to make a finding smaller, at most
    #[arg(long, value_name = "N", default_value_t = SHRINK_BUDGET)]
    budget: usize,
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    format: FormatArgs,
}

/// Artifacts of one bug.
struct Added {
    bucketed: Bucketed,
    artifacts: usize,
}

fn add(args: &AddArgs) -> Result<Status, Failure> {
    let mut output = args.format.open(0)?;
    // All are read before the first is run, so that a bad one is told at once.
    let artifacts = artifacts(args)?;
    check_out(&args.out)?;
    let stop = stop_flag().map_err(|e| Failure::Internal(format!("signal handlers: {e}")))?;
    let (mut added, mut nothing, mut gave_up) = (BTreeMap::new(), Vec::new(), 0);
    for loaded in artifacts.iter().take_while(|_| !stop.load(Ordering::Relaxed)) {
        let executed = args.input.execute(loaded)?;
        let path = loaded.path.display().to_string();
        if executed.shown.finding().is_none() {
            gave_up += usize::from(matches!(executed.shown.outcome, Outcome::GaveUp(_)));
            output.human(&format!("{path}: nothing is found"));
            nothing.push(path);
            continue;
        }
        let mut searcher = Searcher::new(Runner::new(executed.checks), 0, 1);
        let bucketed = bucket(&mut searcher, &executed.shown, &args.out, args.budget).map_err(usage)?;
        output.human(&told_added(&path, &bucketed));
        let entry = added.entry(bucketed.signature.clone()).or_insert(Added { bucketed, artifacts: 0 });
        entry.artifacts += 1;
    }
    tell_added(&mut output, artifacts.len(), &added, &nothing, gave_up);
    output.finish()?;
    Ok(match () {
        () if !added.is_empty() => Status::Finding,
        () if gave_up > 0 && gave_up == artifacts.len() => Status::GaveUp,
        () => Status::Clean,
    })
}

fn artifacts(args: &AddArgs) -> Result<Vec<Loaded>, Failure> {
    let mut loaded = Vec::new();
    for path in &args.inputs {
        let in_folder = path.is_dir();
        let files = if in_folder { corpus::files(path).map_err(usage)? } else { vec![path.clone()] };
        // What lies among artifacts is one, whatever its name.
        let mut input = args.input.clone();
        input.bytes |= in_folder;
        for file in files {
            loaded.push(Loaded { searched: true, ..input.load(&file)? });
        }
    }
    Ok(loaded)
}

fn told_added(path: &str, b: &Bucketed) -> String {
    let file = b.saved.file.display();
    match (&b.saved.bucket, b.saved.new) {
        (Some(other), _) => format!("{path}: {}\n  the same bug as {other}: {file}", b.signature),
        (None, false) => format!("{path}: {}\n  known: {file}", b.signature),
        (None, true) => {
            let cause = if b.cause.is_empty() { "no known bug".to_string() } else { b.cause.join(", ") };
            format!(
                "{path}: {}\n  {}\n  cause: {cause}; {} ops / {} switches\n  saved: {file}",
                b.signature, b.title, b.ops, b.switches
            )
        }
    }
}

fn tell_added(
    output: &mut Output,
    artifacts: usize,
    added: &BTreeMap<String, Added>,
    nothing: &[String],
    gave_up: usize,
) {
    output.human(&format!(
        "{artifacts} artifacts: {} findings, {} show nothing{}",
        added.len(),
        nothing.len(),
        if gave_up > 0 { format!(" ({gave_up} gave up)") } else { String::new() }
    ));
    for Added { bucketed: b, .. } in added.values() {
        let folder = b.saved.dir.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        output.case(|| Case {
            group: "corpus".to_string(),
            name: folder,
            file: b.saved.file.display().to_string(),
            verdict: Verdict::NotMet(b.title.clone()),
            told: Some(b.told.clone()),
        });
    }
    let findings: Vec<Value> = added
        .values()
        .map(|a| {
            let b = &a.bucketed;
            json!({
                "signature": b.signature, "check": b.check, "title": b.title, "cause": b.cause,
                "file": b.saved.file.display().to_string(), "new": b.saved.new, "same_as": b.saved.bucket,
                "ops": b.ops, "switches": b.switches, "artifacts": a.artifacts,
            })
        })
        .collect();
    output.json(|| {
        let outcome = if findings.is_empty() { "clean" } else { "found" };
        json!({ "schema": 1, "outcome": outcome, "artifacts": artifacts, "nothing": nothing, "gave_up": gave_up,
                "findings": findings })
    });
}

/// The form of `min`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
enum To {
    /// Bytes stay bytes
    #[default]
    Same,
    /// Bytes become text, which later decoders read the same way
    Text,
}

/// Keep the smallest inputs that reach everything the corpus reaches
///
/// Features are interleaving counters in libFuzzer's classes, under the schedules of the fuzz targets and the chosen
/// kernel. Inputs are taken smallest first, each for what no smaller one reaches, and what is kept is run once more
/// before anything is written. Texts are written in canonical form. In place, what is kept is written first and the
/// rest removed last: whenever it is stopped, no feature is lost.
///
/// Exit status: 0 done, 1 refused (a feature would be lost, or fewer inputs left than --floor): nothing is changed,
/// 2 usage or an unreadable corpus.
#[derive(Args)]
struct MinArgs {
    /// The corpus, with the folders in it
    #[arg(value_name = "DIR")]
    input: PathBuf,
    /// Where the smaller corpus goes, a new folder [default: in place]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Refuse to leave fewer inputs than this
    #[arg(long, value_name = "N", default_value_t = 1)]
    floor: usize,
    /// The form inputs are kept in
    #[arg(long, value_enum, default_value_t)]
    to: To,
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    checks: CheckArgs,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Between two lines of progress.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Tells how far it is, now and then.
fn progress() -> impl FnMut(usize, usize) {
    let mut line = Instant::now();
    move |at, of| {
        if line.elapsed() >= LINE_EVERY {
            line = Instant::now();
            warn(&format!("{at} of {of} inputs"));
        }
    }
}

fn probe(model: &ModelArgs, checks: &CheckArgs) -> Result<(Model, Probe), Failure> {
    let model = model.choice().model().map_err(usage)?;
    Ok((model, Probe::new(checks.set()?.unwrap_or_else(CheckSet::all))))
}

fn min(args: &MinArgs) -> Result<Status, Failure> {
    let started = Instant::now();
    let (model, mut probe) = probe(&args.model, &args.checks)?;
    let before = corpus::files(&args.input).map_err(usage)?;
    corpus::check_stamp(&args.input).map_err(usage)?;
    if let Some(out) = &args.out {
        if out.exists() {
            return Err(usage(format!("{}: is there already: expected a new folder", out.display())));
        }
        check_out(out)?;
    }
    let form = if args.to == To::Text { Form::Text } else { Form::AsIs };
    let smaller = corpus::smaller(&args.input, model, &mut probe, form, &mut progress()).map_err(usage)?;
    let lost = smaller.lost(model, &mut probe);
    let refused = refusal(&smaller, lost, args.floor);
    let (place, out) = (args.input.display(), args.out.as_ref().unwrap_or(&args.input).display().to_string());
    let after: u64 = smaller.kept.iter().map(|k| k.bytes.len() as u64).sum();
    match &refused {
        Some(why) => warn(&format!("foliofuzz: {place}: {why}: nothing is changed")),
        None => {
            let written = args.out.as_ref().map_or_else(|| smaller.write_over(&before), |out| smaller.write_to(out));
            written.map_err(|e| usage(format!("{out}: {e}")))?;
            args.format.human(&format!(
                "{out}: {} inputs, {} bytes -> {} inputs, {after} bytes; {} features, all kept; {:.1} s",
                smaller.inputs,
                smaller.bytes,
                smaller.kept.len(),
                smaller.features.len(),
                started.elapsed().as_secs_f64(),
            ));
            if smaller.malformed > 0 {
                args.format.human(&format!("{} texts that do not parse are left out", smaller.malformed));
            }
        }
    }
    args.format.json(|| {
        json!({
            "schema": 1, "corpus": args.input.display().to_string(), "out": out, "refused": refused,
            "before": { "inputs": smaller.inputs, "bytes": smaller.bytes, "malformed": smaller.malformed },
            "after": { "inputs": smaller.kept.len(), "bytes": after },
            "features": smaller.features.len(), "lost": lost, "floor": args.floor, "execs": smaller.execs,
            "seconds": (started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0,
        })
    });
    Ok(if refused.is_some() { Status::Finding } else { Status::Clean })
}

fn refusal(smaller: &Smaller, lost: usize, floor: usize) -> Option<String> {
    let kept = smaller.kept.len();
    if lost > 0 {
        return Some(format!("{lost} of {} features would be lost", smaller.features.len()));
    }
    (kept < floor).then(|| format!("{kept} inputs would be left: expected --floor {floor} at least"))
}

/// Count what a corpus holds and reaches
///
/// Inputs run as in the fuzz targets, under the chosen kernel.
///
/// Exit status: 0, or 2 for usage or an unreadable corpus.
#[derive(Args)]
struct StatsArgs {
    /// The corpus, with the folders in it
    #[arg(value_name = "DIR")]
    input: PathBuf,
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    checks: CheckArgs,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Default)]
struct Counts {
    inputs: usize,
    bytes: u64,
    largest: usize,
    texts: usize,
    malformed: usize,
    gave_up: usize,
    execs: u64,
    features: Features,
    /// Programs with the operation.
    operations: BTreeMap<&'static str, usize>,
    /// Kernels the texts name.
    kernels: BTreeMap<&'static str, usize>,
    /// Inputs that show this `check/kind`.
    findings: BTreeMap<String, usize>,
}

fn stats(args: &StatsArgs) -> Result<Status, Failure> {
    let (model, mut probe) = probe(&args.model, &args.checks)?;
    let files = corpus::files(&args.input).map_err(usage)?;
    corpus::check_stamp(&args.input).map_err(usage)?;
    let (mut counts, mut tell) = (Counts::default(), progress());
    for (at, path) in files.iter().enumerate() {
        tell(at, files.len());
        counts.add(&corpus::read(path).map_err(usage)?, model, &mut probe);
    }
    args.format.human(&counts.text(&args.input, model));
    args.format.json(|| counts.json(&args.input, model));
    Ok(Status::Clean)
}

impl Counts {
    fn add(&mut self, entry: &Entry, model: Model, probe: &mut Probe) {
        self.inputs += 1;
        self.bytes += entry.bytes.len() as u64;
        self.largest = self.largest.max(entry.bytes.len());
        self.texts += usize::from(entry.is_text());
        let Some(program) = entry.program(model) else {
            self.malformed += 1;
            return;
        };
        if let Some(file) = entry.is_text().then(|| File::parse(&entry.bytes).ok()).flatten() {
            *self.kernels.entry(file.program.model.kernel.name()).or_default() += 1;
        }
        let mut names: Vec<&str> =
            program.cpus.iter().flatten().filter_map(|op| TABLE.get(op.code as usize)).map(|o| o.name).collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter().for_each(|name| *self.operations.entry(name).or_default() += 1);
        let reached = probe.run(&program);
        self.execs += reached.execs;
        self.gave_up += usize::from(reached.gave_up);
        self.features.add(&reached.features);
        reached.found.into_iter().for_each(|class| *self.findings.entry(class).or_default() += 1);
    }

    fn text(&self, dir: &Path, model: Model) -> String {
        let of = TABLE.iter().filter(|o| o.kernels.contains(&model.kernel)).count();
        let list = |map: &mut dyn Iterator<Item = (String, usize)>| {
            let items: Vec<String> = map.map(|(name, n)| format!("{name} {n}")).collect();
            if items.is_empty() { "none".to_string() } else { items.join(", ") }
        };
        let mut operations: Vec<_> = self.operations.iter().map(|(k, v)| (k.to_string(), *v)).collect();
        operations.sort_by_key(|(name, n)| (usize::MAX - n, name.clone()));
        format!(
            "{}: {} inputs ({} text, {} malformed), {} bytes, largest {}\n\
             decoder {}, kernel {}: {} features in {} executions, {} inputs gave up\n\
             operations: {}/{of}: {}\nkernels of texts: {}\nfindings: {}",
            dir.display(),
            self.inputs,
            self.texts,
            self.malformed,
            self.bytes,
            self.largest,
            corpus::decoder(),
            model.kernel.name(),
            self.features.len(),
            self.execs,
            self.gave_up,
            operations.len(),
            list(&mut operations.into_iter()),
            list(&mut self.kernels.iter().map(|(k, v)| (k.to_string(), *v))),
            list(&mut self.findings.iter().map(|(k, v)| (k.clone(), *v))),
        )
    }

    fn json(&self, dir: &Path, model: Model) -> Value {
        json!({
            "schema": 1, "corpus": dir.display().to_string(), "decoder": corpus::decoder(),
            "kernel": model.kernel.name(), "bugs": bug_slugs(model.bugs),
            "inputs": self.inputs, "text": self.texts, "malformed": self.malformed, "bytes": self.bytes,
            "largest": self.largest, "features": self.features.len(), "execs": self.execs, "gave_up": self.gave_up,
            "operations": self.operations, "kernels": self.kernels, "findings": self.findings,
        })
    }
}

/// Make a finding a stored program, which tests replay from then on
///
/// Writes <NAME>.mm in canonical form, with the signature it expects and the comments it has. What does not replay as
/// it says is refused.
///
/// Exit status: 0 written, 1 refused, 2 usage or an unreadable file.
#[derive(Args)]
struct PromoteArgs {
    /// A folder of findings/, or a repro text
    #[arg(value_name = "FINDING")]
    finding: PathBuf,
    /// What it is called from now on: letters, digits, - and _
    #[arg(long, value_parser = name)]
    name: String,
    /// The folder of stored programs it goes to
    #[arg(long, value_name = "DIR", default_value = "corpus/open")]
    to: PathBuf,
    /// A line that says more (repeatable)
    #[arg(long = "comment", value_name = "LINE", value_parser = comment)]
    comments: Vec<String>,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

fn name(text: &str) -> Result<String, String> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    let good = !text.is_empty() && text.len() <= 80 && text.bytes().all(fits) && !text.starts_with('-');
    good.then(|| text.to_string()).ok_or_else(|| "expected letters, digits, - and _".to_string())
}

fn comment(text: &str) -> Result<String, String> {
    let good = !text.trim().is_empty() && !text.contains(['\n', '\r']);
    good.then(|| text.trim().to_string()).ok_or_else(|| "expected one line".to_string())
}

fn promote(args: &PromoteArgs) -> Result<Status, Failure> {
    let file = if args.finding.is_dir() { args.finding.join("min.mm") } else { args.finding.clone() };
    let input = InputArgs::default();
    let mut loaded = input.load(&file)?;
    let out = args.to.join(format!("{}.mm", args.name));
    if out.exists() {
        return Err(usage(format!("{}: is there already: expected another --name", out.display())));
    }
    let executed = input.execute(&loaded)?;
    let refuse = |why: &str| {
        warn(&format!("foliofuzz: {}: {why}: nothing is written", file.display()));
        args.format.json(|| json!({ "schema": 1, "from": file.display().to_string(), "file": null, "refused": why }));
        Ok(Status::Finding)
    };
    let Some(report) = executed.shown.report() else { return refuse("nothing is found") };
    let signature = report.signature();
    if matches!(loaded.file.expect, Expect::Unstated) {
        loaded.file.expect = Expect::Finding(signature.clone());
    }
    if !is_met(&loaded.file.expect, &executed.shown) {
        return refuse(&format!("it shows {signature}, not what it expects"));
    }
    let stored = stored(&loaded.file, &executed.shown, &args.comments);
    let text = stored.print();
    // What counts is what a reader of the text gets.
    let again = File::parse(text.as_bytes()).map_err(|e| Failure::Internal(format!("{}: {}", e.line, e.message)))?;
    let again = Analysis::of(&mut Runner::new(executed.checks), &again.program);
    if !is_met(&stored.expect, &again) {
        return refuse("in its stored form, it does not show what it expects");
    }
    let write = || std::fs::create_dir_all(&args.to).and_then(|()| write_atomic(&out, text.as_bytes()));
    write().map_err(|e| usage(format!("{}: {e}", out.display())))?;
    args.format.human(&format!("{}: {signature}", out.display()));
    args.format.json(|| {
        json!({ "schema": 1, "from": file.display().to_string(), "file": out.display().to_string(), "refused": null,
                "signature": signature, "actual": executed.actual })
    });
    Ok(Status::Clean)
}

/// The program as it is stored: named sites, the whole signature, the title first.
fn stored(file: &File, shown: &Analysis, comments: &[String]) -> File {
    let report = shown.report();
    let mut lines = file.comments.clone();
    if let Some(title) = report.as_ref().map(|r| r.title()).filter(|t| !lines.contains(t)) {
        lines.insert(0, title);
    }
    lines.extend(comments.iter().cloned());
    let program = if shown.is_numbered() { shown.named() } else { None };
    File {
        program: program.unwrap_or_else(|| file.program.clone()),
        expect: report.map_or(file.expect.clone(), |r| Expect::Finding(r.signature())),
        comments: lines,
        claim: file.claim.clone(),
        condition: file.condition.clone(),
    }
}
