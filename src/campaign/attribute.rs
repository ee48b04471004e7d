//! Which of a kernel's historic bugs a finding comes from: the ones without which it is gone.

use super::search::Searcher;
use super::shrink::signature_under;
use crate::bugs::BUGS;
use crate::exec::Runner;
use crate::prog::Program;
use crate::vocab::BugId;
use std::ops::ControlFlow;

/// Scattered schedules a program gets to show a signature without a bug.
const TRIES: u32 = 500;
const SEED: u64 = 0x5EED_A77B;

/// The bugs of a set, in registry order.
pub fn active_bugs(set: u64) -> Vec<BugId> {
    (0..BUGS.len().min(64)).filter(|i| set >> i & 1 != 0).map(|i| BugId(i as u8)).collect()
}

/// Their slugs.
pub fn bug_slugs(set: u64) -> Vec<&'static str> {
    active_bugs(set).into_iter().filter_map(|b| BUGS.get(b.0 as usize)).map(|b| b.slug).collect()
}

/// The bugs that cause `signature` in `program`, as a bit set: each whose removal makes it vanish; if none does alone,
/// all
/// of the model's if removing all does. 0: no bug of the registry causes it.
pub fn attribute(searcher: &mut Searcher, program: &Program, signature: &str) -> u64 {
    let all = program.model.bugs;
    let bits = active_bugs(all).into_iter().map(|b| 1 << b.0);
    let needed = bits.filter(|bit| !shows(searcher, program, *bit, signature)).fold(0, |set, bit| set | bit);
    if needed == 0 && all.count_ones() > 1 && !shows(searcher, program, all, signature) {
        return all;
    }
    needed
}

/// Whether `signature` is still there without the bugs in `without`.
fn shows(searcher: &mut Searcher, program: &Program, without: u64, signature: &str) -> bool {
    let mut less = program.clone();
    less.model.bugs &= !without;
    less.model.rcu_free |= active_bugs(without).into_iter().any(|b| BUGS[b.0 as usize].fix_needs_rcu_free);
    less.fix_up();
    let class = signature.split_once(':').map_or(signature, |(class, _)| class);
    let mut candidates = Vec::new();
    let _ = searcher.search_rounds(&mut less, SEED, TRIES, &mut |p, run| {
        if run.outcome.finding().is_some_and(|f| is_class(f, class)) {
            candidates.push(p.clone());
        }
        if candidates.len() < 64 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    let runner: &mut Runner = &mut searcher.runner;
    candidates.iter().any(|p| signature_under(runner, p).is_some_and(|s| s == signature))
}

fn is_class(f: &crate::san::Finding, class: &str) -> bool {
    class.split_once('/') == Some((f.check, f.kind))
}
