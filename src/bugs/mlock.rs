//! Thread C: mlock, munlock and nonlinear VMAs.

use super::{Bug, V3_13, bug};
use crate::vocab::BugId;

bugs! {
    after super::freeze::END;

    // Thread C (2014): mlock and munlock of pages, nonlinear VMAs. v3.13 has V0, V4, V6 and V7.
    C_V0 = Bug {
        class: "bad-page-state",
        fix: "57e68e9cd65b",
        since: Some(((2, 6), (3, 15))),
        applies: V3_13,
        predictive: Some("vmbug/not-locked"),
        actual: Some("vmbug/not-locked"),
        thread: Some("C-V0"),
        cpus: 1,
        ..bug("2014_cluster_mlocks_unlocked", "try_to_unmap_cluster mlocks pages that it has not locked", "historic")
    };
    C_V1 = Bug {
        replaces: Some("2014_cluster_mlocks_unlocked"),
        applies: V3_13,
        predictive: Some("vmbug/not-locked"),
        actual: Some("vmbug/not-locked"),
        thread: Some("C-V1"),
        ..bug("2014_cluster_we_locked", "try_to_unmap_cluster tries the page lock, and mlocks in any case", "proposed")
    };
    C_V2 = Bug {
        replaces: Some("2014_cluster_mlocks_unlocked"),
        applies: V3_13,
        // Soft: a page is lost (mlock/lost) with the fix, too, for munlock does not search nonlinear VMAs.
        thread: Some("C-V2"),
        ..bug("2014_mlock_without_bug_on", "mlock_vma_page does not ask for the page lock", "proposed")
    };
    C_V3K = Bug {
        replaces: Some("2014_cluster_mlocks_unlocked"),
        applies: V3_13,
        thread: Some("C-V3"),
        ..bug("2014_cluster_tests_mlocked", "try_to_unmap_cluster tries the lock of pages not mlocked yet", "variant")
    };
    C_V4 = Bug {
        class: "other",
        fix: "70feee0e1ef3",
        since: Some(((3, 12), (4, 12))),
        applies: V3_13,
        predictive: Some("mlock/nr-mlock"),
        actual: Some("mlock/nr-mlock"),
        thread: Some("C-V4"),
        ..bug("2017_munlock_pagevec_count", "__munlock_pagevec does not uncount pages it cannot isolate", "historic")
    };
    C_V5 = Bug {
        class: "bad-page-state",
        fix: "e6c509f85455",
        since: Some(((2, 6), (3, 7))),
        applies: V3_13,
        predictive: Some("mlock/stale"),
        actual: Some("mlock/stale"),
        thread: Some("C-V5"),
        ..bug("2012_last_unmap_keeps_mlocked", "page_remove_rmap leaves PG_mlocked to munlock", "historic")
    };
    C_V5W = Bug {
        applies: V3_13,
        thread: Some("C-V5w"),
        ..bug("2014_munlock_waits_for_migration", "munlock waits where it finds a migration entry", "variant")
    };
    C_V5P = Bug {
        applies: V3_13,
        thread: Some("C-V5p"),
        ..bug("mutant_migration_without_pins", "migration of anonymous pages does not count references", "mutant")
    };
    C_V5WP = Bug {
        applies: V3_13,
        brings: &["2014_munlock_waits_for_migration", "mutant_migration_without_pins"],
        thread: Some("C-V5wp"),
        ..bug("2014_munlock_waits_no_pins", "munlock waits for migration, which does not count references", "variant")
    };
    C_V5WC = Bug {
        applies: V3_13,
        brings: &["2014_munlock_waits_for_migration", "2012_last_unmap_keeps_mlocked"],
        thread: Some("C-V5wc"),
        ..bug("2014_munlock_waits_no_clear", "munlock waits for migration; the last unmap leaves PG_mlocked", "variant")
    };
    C_V5PC = Bug {
        applies: V3_13,
        predictive: Some("mlock/stale"),
        actual: Some("mlock/stale"),
        brings: &["mutant_migration_without_pins", "2012_last_unmap_keeps_mlocked"],
        thread: Some("C-V5pc"),
        ..bug("mutant_no_pins_no_clear", "migration counts no references, the last unmap leaves PG_mlocked", "mutant")
    };
    C_V5WPC = Bug {
        applies: V3_13,
        predictive: Some("mlock/stale"),
        actual: Some("mlock/stale"),
        brings: &[
            "2014_munlock_waits_for_migration",
            "mutant_migration_without_pins",
            "2012_last_unmap_keeps_mlocked",
        ],
        thread: Some("C-V5wpc"),
        ..bug(
            "mutant_waits_no_pins_no_clear",
            "munlock waits for migration, and nothing else keeps them apart",
            "mutant",
        )
    };
    C_V6 = Bug {
        class: "other",
        fix: "51afb12ba809",
        since: Some(((3, 7), (4, 4))),
        applies: V3_13,
        predictive: Some("mlock/lost"),
        actual: Some("mlock/lost"),
        thread: Some("C-V6"),
        cpus: 1,
        ..bug("2015_migration_loses_mlocked", "remove_migration_pte does not mlock the new page", "historic")
    };
    C_V7 = Bug {
        class: "bad-page-state",
        fix: "b87537d9e2fe",
        since: Some(((2, 6), (4, 4))),
        applies: V3_13,
        predictive: Some("mlock/unstable"),
        actual: Some("badpage/mlocked"),
        thread: Some("C-V7"),
        ..bug(
            "2015_mlock_after_page_table_lock",
            "try_to_unmap_one mlocks after dropping the page-table lock",
            "historic",
        )
    };
    C_V8 = Bug {
        applies: V3_13,
        predictive: Some("lru/stranded-unevictable"),
        actual: Some("lru/stranded-unevictable"),
        thread: Some("C-V8"),
        ..bug("mutant_putback_without_recheck", "putback_lru_page does not look again after filing a page", "mutant")
    };
}
