//! Minimizing with a bug identity: a candidate counts only if it shows the same signature.

use super::analysis::Analysis;
use super::search::{Searcher, uses_rcu};
use crate::exec::Runner;
use crate::prog::{Minimized, Program, minimize, schedule_of};
use crate::sched::{MAX_SCATTERED, Rng, Scatter, Schedule};
use crate::vocab::PG_DIRTY;
use std::ops::ControlFlow;

/// Candidates a program gets when it is shrunk.
pub const SHRINK_BUDGET: usize = 6000;
/// Scattered schedules a candidate gets when the one it inherits does not show the signature.
const TRIES: u32 = 60;
/// Scattered schedules of a search for a program with one operation less.
const SEARCHED: u32 = 3000;
const SEED: u64 = 0x5EED_5412;

/// The signature `program` shows with its own schedule.
pub(super) fn signature_under(runner: &mut Runner, program: &Program) -> Option<String> {
    Analysis::of(runner, program).signature()
}

/// The smallest program found that still shows `signature`, its schedule in named records. Runs at most `budget`
/// candidates.
pub fn shrink(searcher: &mut Searcher, program: &Program, signature: &str, budget: usize) -> Minimized {
    let mut out = minimized(&mut searcher.runner, program, signature, budget);
    // A program from which no operation can be dropped as it stands may still be larger than need be.
    while let Some(smaller) = (out.tried < budget).then(|| smaller(searcher, &out.program, signature)).flatten() {
        let next = minimized(&mut searcher.runner, &smaller, signature, budget - out.tried);
        out = Minimized { before: out.before, tried: out.tried + next.tried, ..next };
    }
    let runner = &mut searcher.runner;
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

fn minimized(runner: &mut Runner, program: &Program, signature: &str, budget: usize) -> Minimized {
    let mut trial = Trial { runner, signature, scatter: Scatter::default() };
    minimize(program, budget, &mut |candidate| trial.test(candidate))
}

/// A program with one operation less that shows the signature under some schedule, after a search of its own.
fn smaller(searcher: &mut Searcher, program: &Program, signature: &str) -> Option<Program> {
    for (cpu, ops) in program.cpus.iter().enumerate() {
        for at in 0..ops.len() {
            let mut less = program.clone();
            less.cpus[cpu].remove(at);
            less.schedule = Schedule::default();
            for mut candidate in rearranged(&less) {
                candidate.fix_up();
                if let Some(found) = searched(searcher, &mut candidate, signature) {
                    return Some(found);
                }
            }
        }
    }
    None
}

/// The program as it is; with folios dirty from the start, so that an operation that only dirtied one is not needed;
/// and with each operation on a CPU of its own.
fn rearranged(program: &Program) -> Vec<Program> {
    let mut dirty = program.clone();
    dirty.init.folios.iter_mut().flatten().for_each(|f| f.flags |= PG_DIRTY);
    let mut all = vec![program.clone(), dirty];
    let Some(free) = program.cpus.iter().position(Vec::is_empty) else { return all };
    for (cpu, ops) in program.cpus.iter().enumerate().filter(|(_, ops)| ops.len() > 1) {
        for at in 0..ops.len() {
            let mut moved = program.clone();
            let op = moved.cpus[cpu].remove(at);
            moved.cpus[free].push(op);
            all.push(moved);
        }
    }
    all
}

/// The program with a schedule under which it shows the signature, if a search finds one.
fn searched(searcher: &mut Searcher, program: &mut Program, signature: &str) -> Option<Program> {
    let class = signature.split_once(':').map_or(signature, |(class, _)| class);
    let mut shown = Vec::new();
    let _ = searcher.search_rounds(program, SEED, SEARCHED, &mut |p, run| {
        if run.outcome.finding().is_some_and(|f| class.split_once('/') == Some((f.check, f.kind))) {
            shown.push(p.clone());
        }
        if shown.len() < 64 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    let found = shown.into_iter().find(|p| signature_under(&mut searcher.runner, p).as_deref() == Some(signature))?;
    Analysis::of(&mut searcher.runner, &found).named()
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
        self.runner.run_noting(candidate, &mut self.scatter.passage);
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
