//! Minimizing with a bug identity: a candidate counts only if it shows the same signature.

use super::analysis::Analysis;
use super::search::uses_rcu;
use crate::exec::Runner;
use crate::prog::{Minimized, Program, minimize, schedule_of};
use crate::sched::{MAX_SCATTERED, Rng, Scatter, Schedule};

/// Candidates a program gets when it is shrunk.
pub const SHRINK_BUDGET: usize = 6000;
/// Scattered schedules a candidate gets when the one it inherits does not show the signature.
const TRIES: u32 = 60;
const SEED: u64 = 0x5EED_5412;

/// The signature `program` shows with its own schedule.
pub(super) fn signature_under(runner: &mut Runner, program: &Program) -> Option<String> {
    Analysis::of(runner, program).signature()
}

/// The smallest program found that still shows `signature`, its schedule in named records. Runs at most `budget`
/// candidates.
pub fn shrink(runner: &mut Runner, program: &Program, signature: &str, budget: usize) -> Minimized {
    let mut trial = Trial { runner, signature, scatter: Scatter::default() };
    let mut out = minimize(program, budget, &mut |candidate| trial.test(candidate));
    let shown = Analysis::of(runner, &out.program);
    if shown.is_numbered()
        && let Some(named) = shown.named()
        && signature_under(runner, &named).is_some_and(|s| s == signature)
    {
        out.after = (named.nr_ops(), named.schedule.records.len());
        out.program = named;
    }
    out
}

struct Trial<'a> {
    runner: &'a mut Runner,
    signature: &'a str,
    scatter: Scatter,
}

impl Trial<'_> {
    /// The schedule under which the candidate shows the signature: its own, else one of a few scattered ones.
    fn test(&mut self, candidate: &Program) -> Option<Schedule> {
        if let Some(schedule) = self.try_own(candidate) {
            return Some(schedule);
        }
        if candidate.schedule.records.is_empty() {
            return None;
        }
        self.runner.run(candidate);
        let ops = std::array::from_fn(|cpu| candidate.cpus.get(cpu).map_or(0, Vec::len));
        self.scatter.load(self.runner.lengths(), ops, uses_rcu(candidate));
        if self.scatter.is_empty() {
            return None;
        }
        let most = (candidate.schedule.records.len() as u32).min(MAX_SCATTERED);
        let (mut rng, mut other) = (Rng::new(SEED), candidate.clone());
        (0..TRIES).find_map(|_| {
            self.scatter.draw(&mut rng, most, &mut other.schedule);
            self.try_own(&other)
        })
    }

    fn try_own(&mut self, candidate: &Program) -> Option<Schedule> {
        let run = self.runner.run(candidate);
        let found = run.outcome.finding()?;
        let class = self.signature.split(':').next().and_then(|class| class.split_once('/'));
        if class != Some((found.check, found.kind)) {
            return None;
        }
        let shown = Analysis::of(self.runner, candidate);
        (shown.signature()? == self.signature).then(|| schedule_of(&shown.trace, candidate.schedule.start))
    }
}
