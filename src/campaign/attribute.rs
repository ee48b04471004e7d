//! Which of a kernel's historic bugs a finding comes from: the ones without which it is gone.

use super::search::Searcher;
use super::shrink::signature_under;
use crate::bugs::BUGS;
use crate::exec::Runner;
use crate::prog::Program;
use crate::sched::{Anchor, Preempt};
use crate::vocab::{BugSet, RCU_TASK};
use std::ops::ControlFlow;

/// Scattered schedules a program gets to show a signature without a bug.
const TRIES: u32 = 2000;
const SEED: u64 = 0x5EED_A77B;

/// The slugs of a set's bugs, in registry order.
pub fn bug_slugs(set: BugSet) -> Vec<&'static str> {
    set.iter().filter_map(|b| BUGS.get(b.0 as usize)).map(|b| b.slug).collect()
}

/// The bugs that cause `signature` in `program`, each whose removal makes it vanish. Where several bugs show as one
/// signature, none does alone: then those whose removal makes it vanish from the program's own schedule, or else all of
/// the model's if removing all does. None: no bug of the registry causes it.
pub fn attribute(searcher: &mut Searcher, program: &Program, signature: &str) -> BugSet {
    let all = program.model.bugs;
    let needed: BugSet = all.iter().filter(|b| causes(searcher, program, BugSet::of(*b), signature)).collect();
    if !needed.is_empty() || all.iter().count() < 2 || shows(searcher, program, all, signature) {
        return needed;
    }
    let here: BugSet = all.iter().filter(|b| !shows_here(searcher, program, BugSet::of(*b), signature)).collect();
    if here.is_empty() { all } else { here }
}

/// Whether taking the bug out takes the signature away. Where the fix needs RCU-freed inodes, that switch goes on, too,
/// and it must not be what takes the signature away.
fn causes(searcher: &mut Searcher, program: &Program, bug: BugSet, signature: &str) -> bool {
    if shows(searcher, program, bug, signature) {
        return false;
    }
    if !needs_rcu_free(bug) || program.model.rcu_free {
        return true;
    }
    let mut with = program.clone();
    free_by_rcu(&mut with);
    shares_function(&seen(searcher, &with, signature), signature)
}

/// Whether one of the signatures names a function of `wanted`, the freeing side aside: through RCU it has another
/// name.
fn shares_function(found: &[String], wanted: &str) -> bool {
    let functions = |s: &str| s.split_once(':').map_or(String::new(), |(_, f)| f.to_string());
    let wanted = functions(wanted);
    let wanted: Vec<&str> = wanted.split('+').filter(|f| *f != "evict").collect();
    found.iter().any(|s| functions(s).split('+').any(|f| wanted.contains(&f)))
}

/// Frees inodes through the RCU task, which runs as soon as a CPU is done: what was freed at once before is freed soon.
fn free_by_rcu(program: &mut Program) {
    program.model.rcu_free = true;
    for cpu in 0..program.nr_cpus() as u8 {
        let op = program.last_op(cpu as usize);
        program.schedule.records.push(Preempt { cpu, op, anchor: Anchor::End, k: 1, to: RCU_TASK as u8 });
    }
    program.fix_up();
}

fn needs_rcu_free(set: BugSet) -> bool {
    set.iter().any(|b| BUGS.get(b.0 as usize).is_some_and(|b| b.fix_needs_rcu_free))
}

/// Whether `signature` is still there without the bugs in `without`.
fn shows(searcher: &mut Searcher, program: &Program, without: BugSet, signature: &str) -> bool {
    let mut less = program.clone();
    less.model.bugs = less.model.bugs - without;
    if needs_rcu_free(without) && !program.model.rcu_free {
        free_by_rcu(&mut less);
    }
    less.fix_up();
    let found = seen(searcher, &less, signature);
    // Through RCU, the freeing side has another name.
    let renamed = less.model.rcu_free != program.model.rcu_free && shares_function(&found, signature);
    renamed || found.iter().any(|s| s == signature)
}

/// Whether `signature` is still there without the bugs in `without`, under the program's own schedule.
fn shows_here(searcher: &mut Searcher, program: &Program, without: BugSet, signature: &str) -> bool {
    let mut less = program.clone();
    less.model.bugs = less.model.bugs - without;
    less.fix_up();
    signature_under(&mut searcher.runner, &less).is_some_and(|s| s == signature)
}

/// Signatures of the class of `signature` that the program shows under its own and scattered schedules.
fn seen(searcher: &mut Searcher, program: &Program, signature: &str) -> Vec<String> {
    let mut program = program.clone();
    let class = signature.split_once(':').map_or(signature, |(class, _)| class);
    let mut candidates = Vec::new();
    let _ = searcher.search_rounds(&mut program, SEED, TRIES, &mut |p, run| {
        if run.outcome.finding().is_some_and(|f| is_class(f, class)) {
            candidates.push(p.clone());
        }
        if candidates.len() < 64 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    let runner: &mut Runner = &mut searcher.runner;
    candidates.iter().filter_map(|p| signature_under(runner, p)).collect()
}

fn is_class(f: &crate::san::Finding, class: &str) -> bool {
    class.split_once('/') == Some((f.check, f.kind))
}
