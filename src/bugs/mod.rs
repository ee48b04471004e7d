//! Registry of historic bugs that can be put back into the model. Data only.

use crate::vocab::BugSet;

/// A (major, minor) kernel version.
pub type Version = (u8, u8);

/// One row of the registry.
#[derive(Clone, Copy)]
pub struct Bug {
    /// Stable name: `<year>_<what>`.
    pub slug: &'static str,
    pub title: &'static str,
    /// "historic" (it was in a release), "proposed" (posted, never released in this form), "variant" (a correct
    /// alternative, expected clean) or "mutant" (planted to show that a check fires) or
    /// "open" (the kernel has it as far as is known; the model repairs it unless it is put back in: docs/questions).
    pub category: &'static str,
    /// What it does to a system: one of [`CLASSES`], for a "historic" row; else empty.
    pub class: &'static str,
    /// The fix commit; empty for what was never merged.
    pub fix: &'static str,
    /// First version that has it, and first that has the fix. `None`: in no release; only `--bug` brings it in.
    pub since: Option<(Version, Version)>,
    /// Versions whose function forms it can be put into: from, up to and including.
    pub applies: (Version, Version),
    /// Expected `check/kind` with all checks, and with `--checks actual`; `None`: nothing.
    pub predictive: Option<&'static str>,
    pub actual: Option<&'static str>,
    /// This is the fix of another bug, gone wrong: putting it in takes that bug (a slug) out.
    pub replaces: Option<&'static str>,
    /// The row is a name for these bugs (slugs) together; it has no code of its own.
    pub brings: &'static [&'static str],
    /// Naming the row also sets both RCU switches (`rcu_free`, `irqoff_is_reader`) so.
    pub rcu: Option<bool>,
    /// The fix only works for inodes that are freed after a grace period: without `rcu_free` the finding stays.
    pub fix_needs_rcu_free: bool,
    /// Variant of the mail threads the project started from.
    pub thread: Option<&'static str>,
    /// CPUs it needs.
    pub cpus: u8,
}

/// What historic bugs did to a system.
pub const CLASSES: [&str; 15] = [
    "bad-freeze",
    "bad-page-state",
    "deadlock",
    "double-put",
    "leak",
    "lost-data",
    "lost-wakeup",
    "lru-corruption",
    "missing-barrier",
    "other",
    "rmap/PTE",
    "uaf-folio",
    "uaf-mapping",
    "unlocked-mapping-deref",
    "wrong-mapping",
];

/// The rows of one file, numbered after those of the file before.
macro_rules! bugs {
    (after $first:expr; $($id:ident = $row:expr;)+) => {
        pub(super) const ROWS: &[Bug] = &[$($row),+];
        pub(super) const END: usize = $first + ROWS.len();
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        enum Ids { $($id),+ }
        $(pub const $id: BugId = BugId(($first + Ids::$id as usize) as u8);)+
    };
}

mod checks;
mod claims;
mod freeze;
mod history;
mod isolation;
mod mlock;
mod more;
mod open;
mod pagecache;
mod shmem;
mod swap;

pub use checks::*;
pub use claims::*;
pub use freeze::*;
pub use history::*;
pub use isolation::*;
pub use mlock::*;
pub use more::*;
pub use open::*;
pub use pagecache::*;
pub use shmem::*;
pub use swap::*;

const ANY: (Version, Version) = ((0, 0), (255, 0));
const PAGES: (Version, Version) = ((4, 14), (4, 15));
const V3_13: (Version, Version) = ((3, 13), (3, 13));
/// Kernels with AS_UNMOVABLE.
const UNMOVABLE: (Version, Version) = ((6, 8), (255, 0));
/// Only the newest forms.
const V6_12: (Version, Version) = ((6, 12), (255, 0));
const V5_0: (Version, Version) = ((5, 0), (5, 0));
/// Kernels with a swap device.
const SWAPS: (Version, Version) = ((5, 0), (255, 0));
const FOLIOS: (Version, Version) = ((6, 5), (255, 0));

const fn bug(slug: &'static str, title: &'static str, category: &'static str) -> Bug {
    Bug {
        slug,
        title,
        category,
        class: "",
        fix: "",
        since: None,
        applies: ANY,
        predictive: None,
        actual: None,
        replaces: None,
        brings: &[],
        rcu: None,
        fix_needs_rcu_free: false,
        thread: None,
        cpus: 2,
    }
}

/// A planted defect, and the kind it shows as.
const fn mutant(slug: &'static str, title: &'static str, kind: &'static str) -> Bug {
    Bug { applies: FOLIOS, predictive: Some(kind), actual: Some(kind), ..bug(slug, title, "mutant") }
}

/// Every bug, in registry order.
pub static BUGS: &[Bug] = &REGISTRY;

static REGISTRY: [Bug; pagecache::END] = {
    let files = [
        isolation::ROWS,
        freeze::ROWS,
        mlock::ROWS,
        claims::ROWS,
        history::ROWS,
        open::ROWS,
        checks::ROWS,
        swap::ROWS,
        shmem::ROWS,
        more::ROWS,
        pagecache::ROWS,
    ];
    let mut all = [bug("", "", ""); pagecache::END];
    let (mut file, mut to) = (0, 0);
    while file < files.len() {
        let mut row = 0;
        while row < files[file].len() {
            all[to] = files[file][row];
            row += 1;
            to += 1;
        }
        file += 1;
    }
    all
};

const _: () = assert!(pagecache::END <= BugSet::CAPACITY, "`Model::bugs` has a bit for each");
