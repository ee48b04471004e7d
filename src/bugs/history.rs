//! Bugs of released kernels that no thread asked about.

use super::{Bug, FOLIOS, V3_13, bug};
use crate::vocab::BugId;

bugs! {
    after super::claims::END;

    SWAPIN_DIRECT = Bug {
        class: "lost-data",
        fix: "13ddaf26be32",
        since: Some(((4, 15), (6, 8))),
        applies: FOLIOS,
        predictive: Some("content/lost-data"),
        actual: Some("content/lost-data"),
        cpus: 3,
        ..bug(
            "2024_swapin_past_the_swap_cache",
            "two faults read a page past the swap cache, the slower one maps it stale",
            "historic",
        )
    };
    REMAP_MIGRATION = Bug {
        class: "rmap/PTE",
        fix: "7e09e738afd2",
        since: Some(((2, 6), (3, 14))),
        applies: V3_13,
        predictive: Some("rmap/entry-unlocked"),
        actual: Some("rmap/entry-unlocked"),
        ..bug(
            "2014_remap_file_pages_migration",
            "migration entries are lost in a VMA that remap_file_pages makes nonlinear",
            "historic",
        )
    };
    MUNLOCK_SKIPS = Bug {
        class: "bad-page-state",
        fix: "27ba0644ea9d",
        since: Some(((2, 6), (4, 0))),
        applies: V3_13,
        predictive: Some("mlock/stale"),
        actual: Some("mlock/stale"),
        ..bug(
            "2015_munlock_skips_restored_entry",
            "munlock passes by a migration entry that is taken back, as a nonlinear VMA keeps the page",
            "historic",
        )
    };
    CLUSTER_UNMAP = Bug {
        class: "bad-page-state",
        fix: "27ba0644ea9d",
        since: Some(((2, 6), (4, 0))),
        applies: V3_13,
        predictive: Some("mlock/stale"),
        actual: Some("mlock/stale"),
        ..bug(
            "2015_cluster_unmaps_mlocked",
            "try_to_unmap_cluster unmaps mlocked pages when munlock is under way",
            "historic",
        )
    };
    CLUSTER_EXIT = Bug {
        class: "bad-page-state",
        fix: "27ba0644ea9d",
        since: Some(((2, 6), (4, 0))),
        applies: V3_13,
        predictive: Some("mlock/unstable"),
        actual: Some("mlock/stale"),
        ..bug("2015_cluster_mlock_in_exit", "try_to_unmap_cluster mlocks pages of a process that exits", "historic")
    };
}
