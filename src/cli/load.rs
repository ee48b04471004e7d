//! Reading programs from files and running them.

use super::common::{CheckArgs, Failure, ModelArgs, usage};
use super::condition;
use crate::campaign::{Analysis, input_hash, target};
use crate::exec::{Outcome, Runner};
use crate::prog::{Expect, File, decode, is_text};
use crate::report::Verdict;
use crate::san::CheckSet;
use clap::Args;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Repro files are a few hundred bytes, fuzzer inputs a few thousand at most.
const LARGEST: u64 = 1 << 20;

/// A file with a program, and how it is read.
#[derive(Args, Clone, Debug, Default)]
pub struct InputArgs {
    #[command(flatten)]
    pub model: ModelArgs,
    #[command(flatten)]
    pub checks: CheckArgs,
    /// Take files that are not repro texts for raw fuzzer input, whatever they are called. Implied by --kernel and
    /// --bug, and
    /// for the names libFuzzer gives (crash-…, minimized-from-…, a SHA-1)
    #[arg(long)]
    pub bytes: bool,
    /// Of raw input, show the first execution with this signature: for artifacts made with FOLIOFUZZ_ONLY
    #[arg(long, value_name = "SIGNATURE")]
    pub only: Option<String>,
}

/// A program from a file.
#[derive(Clone)]
pub struct Loaded {
    pub path: PathBuf,
    pub file: File,
    /// It was raw fuzzer input.
    pub raw: bool,
    /// It runs under the scattered schedules of a fuzz target, too: raw input, and texts that such a target left.
    pub searched: bool,
}

/// A program that was run.
pub struct Executed {
    pub shown: Analysis,
    /// With predictive kinds switched off, because only that met the expectation.
    pub actual: bool,
    /// The checks it ran under.
    pub checks: CheckSet,
    /// Its final state, as the file's condition sees it; none if the operations did not all end.
    pub last: Option<condition::Shown>,
}

impl InputArgs {
    /// Reads a program. What is wrong comes with file and line.
    pub fn load(&self, path: &Path) -> Result<Loaded, Failure> {
        let name = path.display();
        let too_large = std::fs::metadata(path).is_ok_and(|m| m.len() > LARGEST);
        if too_large {
            return Err(usage(format!("{name}:1: too large: expected at most {LARGEST} bytes")));
        }
        let bytes = std::fs::read(path).map_err(|e| usage(format!("{name}: {e}")))?;
        let raw = !bytes.is_empty() && !is_text(&bytes) && self.takes_bytes(path);
        let mut file = if raw {
            let model = self.model.choice().model().map_err(usage)?;
            File::new(decode(&bytes, model))
        } else {
            File::parse(&bytes).map_err(|e| usage(format!("{name}:{}: {}", e.line, e.message)))?
        };
        if !raw && !self.model.choice().is_empty() {
            file.program.model = self.model.choice().apply(file.program.model).map_err(usage)?;
            file.program.fix_up();
        }
        Ok(Loaded { path: path.to_path_buf(), file, raw, searched: raw || is_artifact(path) })
    }

    fn takes_bytes(&self, path: &Path) -> bool {
        self.bytes || self.model.kernel.is_some() || !self.model.bugs.is_empty() || is_artifact(path)
    }

    /// Runs a program. Raw input gets the scattered schedules it had in the fuzz target as well. Without `--checks`, an
    /// expectation that is not met under all checks is tried under `actual`: what a predictive check reports, it ends.
    /// A soft kind is on where it is expected.
    pub fn execute(&self, loaded: &Loaded) -> Result<Executed, Failure> {
        let chosen = self.checks.set()?;
        let expected = match &loaded.file.expect {
            Expect::Finding(signature) => signature,
            _ => "",
        };
        let checks = chosen.unwrap_or_else(|| CheckSet::all().expecting(expected));
        let (shown, last) = self.analyse(loaded, checks);
        if chosen.is_none() && matches!(loaded.file.expect, Expect::Finding(_)) && !is_met(&loaded.file.expect, &shown)
        {
            let checks = CheckSet::actual().expecting(expected);
            let (again, last) = self.analyse(loaded, checks);
            if is_met(&loaded.file.expect, &again) {
                return Ok(Executed { shown: again, actual: true, checks, last });
            }
        }
        Ok(Executed { shown, actual: false, checks, last })
    }

    fn analyse(&self, loaded: &Loaded, checks: CheckSet) -> (Analysis, Option<condition::Shown>) {
        let mut runner = Runner::new(checks);
        let program = &loaded.file.program;
        let condition = loaded.file.condition.as_ref();
        if let Some(condition) = condition {
            runner.watch_final(condition.expr.cells());
        }
        let shown = Analysis::of(&mut runner, program);
        let last = condition.and_then(|c| condition::ask(c, runner.final_words()));
        let wanted = |s: String| self.only.as_ref().is_none_or(|only| *only == s);
        if !loaded.searched || shown.signature().is_some_and(wanted) {
            return (shown, last);
        }
        let mut searcher = target::searcher_alone(checks);
        let mut found = None;
        let _ = searcher.search(&mut program.clone(), input_hash(program), &mut |p, run| {
            if run.outcome.finding().is_none() {
                return ControlFlow::Continue(());
            }
            let again = Analysis::of(&mut runner, p);
            if !again.signature().is_some_and(wanted) {
                return ControlFlow::Continue(());
            }
            found = Some(again);
            ControlFlow::Break(())
        });
        (found.unwrap_or(shown), None)
    }
}

/// Whether a file is called as libFuzzer calls what it writes.
fn is_artifact(path: &Path) -> bool {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let prefixes = ["crash-", "leak-", "timeout-", "oom-", "slow-unit-", "minimized-from-"];
    let named = prefixes.iter().any(|p| name.starts_with(p))
        || (name.len() == 40 && name.bytes().all(|b| b.is_ascii_hexdigit()));
    named && !name.ends_with(".mm")
}

/// Whether an execution is what the file says. A finding may be stated as `check/kind` alone. Nothing stated: clean.
pub fn is_met(expect: &Expect, shown: &Analysis) -> bool {
    match expect {
        Expect::Unstated | Expect::Clean => shown.outcome == Outcome::Clean,
        Expect::Finding(wanted) => shown
            .signature()
            .is_some_and(|s| s == *wanted || s.strip_prefix(wanted.as_str()).is_some_and(|rest| rest.starts_with(':'))),
    }
}

/// How a run counts against what its file says.
pub fn verdict(loaded: &Loaded, executed: &Executed) -> Verdict {
    let shown = &executed.shown;
    let expected = match &loaded.file.expect {
        Expect::Finding(signature) => signature.as_str(),
        _ => "clean",
    };
    match &shown.outcome {
        _ if is_met(&loaded.file.expect, shown) => Verdict::Met,
        Outcome::GaveUp(_) => Verdict::GaveUp("gave up (step budget)".to_string()),
        _ => {
            let found = shown.signature().unwrap_or_else(|| "clean".to_string());
            Verdict::NotMet(format!("expected {expected}, found {found}"))
        }
    }
}

/// What to call an outcome in JSON.
pub fn outcome_name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Clean => "clean",
        Outcome::Found(_) => "found",
        Outcome::GaveUp(_) => "gave_up",
    }
}
