//! Which historic bugs a kernel has, derived from the registry's columns.

use crate::bugs::{BUGS, Bug};
use crate::vocab::{BugId, BugSet, Kernel, Model};

/// The rows a condition selects.
fn rows(of: impl Fn(&Bug) -> bool) -> BugSet {
    BUGS.iter().enumerate().filter(|(_, b)| of(b)).map(|(i, _)| BugId(i as u8)).collect()
}

fn applies_to(bug: &Bug, kernel: Kernel) -> bool {
    (bug.applies.0..=bug.applies.1).contains(&kernel.version())
}

/// The kernels whose function forms the bug can be put into.
pub fn applies(bug: &Bug) -> Vec<Kernel> {
    Kernel::ALL.into_iter().filter(|k| applies_to(bug, *k)).collect()
}

/// The kernels that were released with the bug.
pub fn kernels(bug: &Bug) -> Vec<Kernel> {
    Kernel::ALL.into_iter().filter(|k| is_in(bug, *k)).collect()
}

fn is_in(bug: &Bug, kernel: Kernel) -> bool {
    let v = kernel.version();
    bug.since.is_some_and(|(from, fixed)| from <= v && v < fixed) && applies_to(bug, kernel)
}

/// The bugs a kernel was released with, those whose versions include it.
pub fn preset(kernel: Kernel) -> BugSet {
    rows(|b| is_in(b, kernel))
}

/// The bugs that can be put into a kernel.
pub fn applicable(kernel: Kernel) -> BugSet {
    rows(|b| b.brings.is_empty() && applies_to(b, kernel))
}

/// The kernel as it was released.
pub fn model(kernel: Kernel) -> Model {
    Model { bugs: preset(kernel), ..Model::of(kernel) }
}

/// The bug of that slug or thread id.
pub fn find_bug(name: &str) -> Option<BugId> {
    BUGS.iter().position(|b| b.slug == name || b.thread == Some(name)).map(|i| BugId(i as u8))
}

/// The bug of that slug or thread id, if it can be put into `kernel`; else what is wrong, in one line.
pub fn find_bug_for(name: &str, kernel: Kernel) -> Result<BugId, String> {
    let Some(id) = find_bug(name) else {
        let all = BUGS.iter().flat_map(|b| [Some(b.slug), b.thread]).flatten();
        let hint = super::sites::hint(super::sites::closest(name, all));
        return Err(format!("no bug {}{hint}: expected a slug or thread id of `list bugs`", super::parse::quote(name)));
    };
    let fits = |k: Kernel| BUGS.get(id.0 as usize).is_some_and(|b| applies_to(b, k));
    if !fits(kernel) {
        let fits = Kernel::ALL.into_iter().filter(|k| fits(*k)).map(Kernel::name);
        let fits = fits.collect::<Vec<_>>().join(", ");
        let fits = if fits.is_empty() { "no kernel of the model".to_string() } else { fits };
        return Err(format!("bug `{name}` does not apply to {}: expected {fits}", kernel.name()));
    }
    Ok(id)
}

/// What a row stands for: itself, or the bugs it brings.
pub fn bugs_of(id: BugId) -> BugSet {
    match BUGS.get(id.0 as usize) {
        Some(bug) if !bug.brings.is_empty() => bug.brings.iter().copied().filter_map(find_bug).collect(),
        _ => BugSet::of(id),
    }
}

/// Puts what a row stands for into a model; the bug it replaces leaves.
pub fn put_in(model: &mut Model, id: BugId) {
    let Some(bug) = BUGS.get(id.0 as usize) else { return };
    let replaced: BugSet = bug.replaces.and_then(find_bug).into_iter().collect();
    model.bugs = (model.bugs - replaced) | bugs_of(id);
    model.rcu_free = bug.rcu.unwrap_or(model.rcu_free);
    model.irqoff_is_reader = bug.rcu.unwrap_or(model.irqoff_is_reader);
}
