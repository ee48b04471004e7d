//! Which historic bugs a kernel has, derived from the registry's columns.

use crate::bugs::{BUGS, Bug};
use crate::vocab::{BugId, Kernel, Model};

/// The bit of each row a condition selects.
fn mask(of: impl Fn(&Bug) -> bool) -> u128 {
    BUGS.iter().enumerate().filter(|(_, b)| of(b)).fold(0, |m, (i, _)| m | 1 << i)
}

fn applies_to(bug: &Bug, kernel: Kernel) -> bool {
    (bug.applies.0..=bug.applies.1).contains(&kernel.version())
}

/// The bugs a kernel was released with, as a bit set over [`BugId`].
pub fn preset(kernel: Kernel) -> u128 {
    let v = kernel.version();
    mask(|b| b.since.is_some_and(|(from, fixed)| from <= v && v < fixed) && applies_to(b, kernel))
}

/// The bugs that can be put into a kernel.
pub fn applicable(kernel: Kernel) -> u128 {
    mask(|b| applies_to(b, kernel))
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
    if applicable(kernel) >> id.0 & 1 == 0 {
        let fits = Kernel::ALL.into_iter().filter(|k| applicable(*k) >> id.0 & 1 != 0).map(Kernel::name);
        let fits = fits.collect::<Vec<_>>().join(", ");
        let fits = if fits.is_empty() { "no kernel of the model".to_string() } else { fits };
        return Err(format!("bug `{name}` does not apply to {}: expected {fits}", kernel.name()));
    }
    Ok(id)
}
