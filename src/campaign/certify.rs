//! How few preemptions a finding needs: the exhaustive search, asked of a repro.

use super::prove::{Limits, Preempted, Progress, Prover, Verdict};
use crate::exec::Runner;
use crate::prog::Program;
use crate::sched::Preemptions;
use std::sync::atomic::AtomicBool;

/// Executions a certificate may cost; the searches of minimized programs mostly end long before.
pub const CERTIFY_BUDGET: u64 = 200_000;

/// What is known of the preemptions of a repro.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Certificate {
    /// The repro's own.
    pub preemptions: u32,
    /// No interleaving of the program with at most so many shows its signature: all have been run.
    pub none_with: Option<u32>,
}

impl Certificate {
    /// Whether fewer preemptions than the repro's are known not to suffice.
    pub fn is_exhausted(&self) -> bool {
        self.preemptions == 0 || self.none_with == Some(self.preemptions - 1)
    }

    /// One sentence for the repro.
    pub fn words(&self) -> String {
        match (self.preemptions, self.none_with) {
            (0, _) => "It takes no preemption.".to_string(),
            (n, _) if self.is_exhausted() => {
                let s = if n == 1 { "" } else { "s" };
                format!(
                    "{n} preemption{s}; no interleaving of this program with fewer preemptions shows this (exhausted)."
                )
            }
            (n, Some(most)) => format!(
                "{n} preemptions; no interleaving of this program with at most {most} shows this (stopped there)."
            ),
            (n, None) => format!("{n} preemptions; whether fewer suffice is not known (the search was stopped)."),
        }
    }
}

/// Counts the preemptions of the program's own schedule.
fn preemptions_of(runner: &mut Runner, program: &Program) -> u32 {
    let mut own = Preemptions::default();
    own.load(&program.schedule.records);
    let mut counted = Preempted::new(&mut own);
    runner.run_with(program, &mut counted);
    counted.count
}

/// Looks for an interleaving of `program` that shows `signature` with fewer preemptions, in at most `runs` executions.
/// The program with the best schedule known, and what is known of it.
pub fn certify(runner: &mut Runner, program: &Program, signature: &str, runs: u64) -> (Program, Certificate) {
    let mut best = program.clone();
    let mut certificate = Certificate { preemptions: preemptions_of(runner, program), none_with: None };
    let Some(most) = certificate.preemptions.checked_sub(1) else { return (best, certificate) };
    let limits = Limits { preemptions: Some(most), runs: Some(runs), time: None };
    let (stop, mut tell) = (AtomicBool::new(false), |_: &Progress| {});
    let mut prover = Prover::new(runner, limits, &stop, &mut tell);
    // Bounds are searched in order: the first schedule found has as few preemptions as there can be.
    match prover.bounded(program, most, Some(signature)) {
        Verdict::Found { program, preemptions, .. } => {
            best = *program;
            certificate = Certificate { preemptions, none_with: preemptions.checked_sub(1) };
        }
        Verdict::Bounded(n) => certificate.none_with = Some(n),
        Verdict::Stopped { bound } => certificate.none_with = bound,
        Verdict::Proved | Verdict::GaveUp => {}
    }
    (best, certificate)
}
