//! What the fuzz targets share: the model from the environment, one input, one verdict.
//!
//! `FOLIOFUZZ_KERNEL` and `FOLIOFUZZ_BUG` (a comma list) choose the model, `FOLIOFUZZ_CHECKS` the checks,
//! `FOLIOFUZZ_ONLY` the one signature that counts. The environment decides the model of text inputs, too: their own
//! `model:` and `bug:` lines are ignored, so that a corpus of known bugs does not crash a fuzzer that hunts for new
//! ones.

use super::analysis::Analysis;
use super::config::ModelChoice;
use super::mutate::remember;
use super::search::{ROUNDS, Searcher, input_hash};
use super::shrink::signature_under;
use super::store::repro;
use super::{corpus, counters};
use crate::exec::{COUNTERS, Feedback, Outcome, Runner};
use crate::prog::{Input, Program};
use crate::san::CheckSet;
use crate::vocab::Model;
use std::cell::RefCell;
use std::env;
use std::ops::ControlFlow;
use std::path::Path;

/// The seed of the scattered schedules in targets, and wherever an input of theirs is run again.
pub const SEED: u64 = 0;

/// What became of an input.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Not worth keeping: not a program, or its execution was given up.
    Reject,
    /// Nothing was found.
    Clean,
    /// The report, the repro, and a `DEDUP_TOKEN:` line: print it, then abort.
    Found(String),
}

struct Target {
    searcher: Searcher,
    /// Records; has no feedback.
    cold: Runner,
    only: Option<String>,
    model: Model,
    /// What gives `foliofuzz` the same model and checks.
    options: String,
}

thread_local! {
    static TARGET: RefCell<Option<Target>> = const { RefCell::new(None) };
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|v| !v.is_empty())
}

/// Who looks after the corpus folders of a target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Corpora {
    /// We do: each says what decodes its bytes, and one that says otherwise is an error.
    Stamped,
    /// A service that moves inputs around one by one, such as ClusterFuzz.
    Managed,
}

/// Reads the environment, and the command line for corpus folders. Call it before the first input is decoded; an error
/// is a usage error.
pub fn init(corpora: Corpora) -> Result<(), String> {
    if corpora == Corpora::Stamped {
        check_corpora(&env::args().skip(1).collect::<Vec<_>>())?;
    }
    let bugs = variable("FOLIOFUZZ_BUG").unwrap_or_default();
    let bugs = bugs.split(',').map(str::trim).filter(|b| !b.is_empty()).map(str::to_string).collect();
    let choice = ModelChoice { kernel: variable("FOLIOFUZZ_KERNEL"), bugs, ..ModelChoice::default() };
    let model = choice.model()?;
    Input::set_model(model);
    let checks = match variable("FOLIOFUZZ_CHECKS") {
        Some(list) => CheckSet::parse(&list)?,
        None => CheckSet::all(),
    };
    let searcher = searcher(checks, counters::take().ok_or("a target has been started in this process before")?);
    let (cold, only, options) = (Runner::new(checks), variable("FOLIOFUZZ_ONLY"), options());
    TARGET.set(Some(Target { searcher, cold, only, model, options }));
    Ok(())
}

/// What runs inputs in a target. With [`Searcher::forget`] before each, what an input shows is a function of the input.
fn searcher(checks: CheckSet, counters: &'static mut [u8; COUNTERS]) -> Searcher {
    let mut runner = Runner::aiming(checks);
    runner.set_feedback(Feedback::new(counters));
    Searcher::new(runner, SEED, ROUNDS)
}

/// The same outside of one, where libFuzzer clears no counters.
pub fn searcher_alone(checks: CheckSet) -> Searcher {
    searcher(checks, Box::leak(Box::new([0; COUNTERS])))
}

/// The corpus folders of libFuzzer's command line: the first receives new inputs, and says from now on what decodes
/// them; the others are read.
fn check_corpora(arguments: &[String]) -> Result<(), String> {
    let folders: Vec<&Path> =
        arguments.iter().filter(|a| !a.starts_with('-')).map(Path::new).filter(|p| p.is_dir()).collect();
    for (i, dir) in folders.iter().enumerate() {
        if i == 0 { corpus::stamp(dir)? } else { corpus::check_stamp(dir)? }
    }
    Ok(())
}

/// Options of `foliofuzz` that say what the environment does; a leading space before each.
fn options() -> String {
    let of = |(name, option): (&str, &str)| variable(name).map(|v| format!(" --{option}={v}")).unwrap_or_default();
    let names = [
        ("FOLIOFUZZ_KERNEL", "kernel"),
        ("FOLIOFUZZ_BUG", "bug"),
        ("FOLIOFUZZ_CHECKS", "checks"),
        ("FOLIOFUZZ_ONLY", "only"),
    ];
    names.map(of).concat()
}

/// What to do next, with the name libFuzzer is about to tell.
fn hints(options: &str) -> String {
    let prefix = env::args().find_map(|a| a.strip_prefix("-artifact_prefix=").map(str::to_string));
    let folder = prefix.filter(|p| p.ends_with('/')).unwrap_or_else(|| "ARTIFACT".to_string());
    let folder = folder.trim_end_matches('/');
    format!(
        "next, with ARTIFACT for the file libFuzzer names below:\n  \
         foliofuzz explain{options} --bytes ARTIFACT\n  \
         foliofuzz shrink{options} --bytes ARTIFACT -o min.mm\n  \
         foliofuzz corpus add{options} {folder}\n"
    )
}

/// Runs one input under its own and scattered schedules. Rejects everything before [`init`].
pub fn fuzz_one(input: &Input) -> Verdict {
    let Some(program) = input.program() else { return Verdict::Reject };
    TARGET.with_borrow_mut(|target| match target {
        Some(target) => target.run(program.clone()),
        None => Verdict::Reject,
    })
}

impl Target {
    fn run(&mut self, mut program: Program) -> Verdict {
        program.model = self.model;
        program.fix_up();
        let (cold, only) = (&mut self.cold, &self.only);
        let mut gave_up = false;
        let mut found = None;
        let hash = input_hash(&program);
        self.searcher.forget();
        let _ = self.searcher.search(&mut program, hash, &mut |p, run| {
            gave_up |= matches!(run.outcome, Outcome::GaveUp(_));
            if run.outcome.finding().is_some() && counts(cold, p, only.as_deref()) {
                found = Some(p.clone());
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        });
        if let Some(schedule) = self.searcher.paid() {
            remember(hash, &program, schedule);
        }
        match found.and_then(|p| told(cold, &p, &self.options)) {
            Some(text) => Verdict::Found(text),
            None if gave_up => Verdict::Reject,
            None => Verdict::Clean,
        }
    }
}

fn counts(runner: &mut Runner, program: &Program, only: Option<&str>) -> bool {
    only.is_none_or(|wanted| signature_under(runner, program).is_some_and(|s| s == wanted))
}

/// The repro, then the report, which ends with the `DEDUP_TOKEN:` line, then what to do next.
fn told(runner: &mut Runner, program: &Program, options: &str) -> Option<String> {
    let shown = Analysis::of(runner, program);
    let report = shown.report()?;
    let named = shown.named().unwrap_or_else(|| program.clone());
    let text = repro(&named, &report.signature(), vec![report.title()]).print();
    Some(format!("\n{text}\n{}\n{}", report.splat().trim_end(), hints(options)))
}
