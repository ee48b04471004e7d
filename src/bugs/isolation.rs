//! Threads A and E: what may be asked of a folio on the LRU, and of its mapping, before it is isolated.

use super::{Bug, FOLIOS, PAGES, UNMOVABLE, bug};
use crate::vocab::BugId;

bugs! {
    after 0;

    A0 = Bug {
        class: "unlocked-mapping-deref",
        fix: "69d763fc6d3a",
        since: Some(((3, 3), (4, 16))),
        applies: PAGES,
        predictive: Some("mapping/unprotected-deref"),
        actual: Some("uaf/mapping"),
        thread: Some("A0"),
        cpus: 3,
        ..bug("2018_isolate_lru_page_mapping", "__isolate_lru_page dereferences an unpinned mapping", "historic")
    };
    A1 = Bug {
        class: "other",
        fix: "145e1a71e090",
        replaces: Some("2018_isolate_lru_page_mapping"),
        since: Some(((4, 16), (4, 17))),
        applies: PAGES,
        predictive: Some("regress/null-mapping"),
        actual: Some("regress/null-mapping"),
        thread: Some("A1"),
        cpus: 1,
        ..bug("2018_isolate_lru_page_null_mapping", "__isolate_lru_page refuses pages without a mapping", "historic")
    };
    A3 = Bug {
        applies: FOLIOS,
        predictive: Some("folio_lock/unref"),
        actual: Some("folio_lock/freed"),
        thread: Some("A3"),
        ..bug("2020_isolate_trylock_before_get", "compaction locks a folio before it holds a reference", "proposed")
    };
    A5 = Bug {
        applies: FOLIOS,
        predictive: Some("mapping/unprotected-deref"),
        actual: Some("uaf/mapping"),
        thread: Some("A5"),
        ..bug(
            "2020_isolate_mapping_without_lock",
            "compaction reads a_ops with a reference but no folio lock",
            "mutant",
        )
    };
    A7 = Bug {
        class: "unlocked-mapping-deref",
        fix: "e92bb4dd9673",
        fix_needs_rcu_free: true,
        since: Some(((2, 6), (4, 17))),
        applies: PAGES,
        predictive: Some("mapping/unprotected-deref"),
        actual: Some("uaf/mapping"),
        thread: Some("A7"),
        ..bug("2018_page_evictable_mapping", "page_evictable dereferences an unpinned mapping", "historic")
    };
    E0 = Bug {
        applies: FOLIOS,
        predictive: Some("mapping/unprotected-deref"),
        actual: Some("uaf/mapping"),
        thread: Some("E0"),
        ..bug(
            "2023_unmovable_unlocked_test",
            "compaction tests AS_UNMOVABLE on an unlocked folio's mapping",
            "proposed",
        )
    };
    E1 = Bug {
        applies: UNMOVABLE,
        thread: Some("E1"),
        ..bug("2023_unmovable_lock_every_folio", "compaction locks every folio to test AS_UNMOVABLE", "variant")
    };
    E3 = Bug {
        applies: FOLIOS,
        predictive: Some("mapping/unprotected-deref"),
        actual: Some("uaf/mapping"),
        thread: Some("E3"),
        ..bug("2023_unmovable_stale_mapping", "compaction locks the folio but uses the mapping read before", "mutant")
    };
    E4 = Bug {
        applies: FOLIOS,
        thread: Some("E4"),
        ..bug("2023_unmovable_rcu_test", "compaction tests AS_UNMOVABLE inside an RCU read section", "variant")
    };
    E4B = Bug {
        applies: FOLIOS,
        predictive: Some("uaf/mapping"),
        actual: Some("uaf/mapping"),
        thread: Some("E4b"),
        ..bug(
            "2023_unmovable_rcu_test_no_grace",
            "as the RCU test, but inodes are freed without a grace period",
            "mutant",
        )
    };
    E5 = Bug {
        applies: UNMOVABLE,
        predictive: Some("regress/wasted-isolation"),
        actual: Some("regress/wasted-isolation"),
        thread: Some("E5"),
        cpus: 1,
        ..bug("2023_unmovable_not_unevictable", "mapping_set_unmovable forgets AS_UNEVICTABLE", "proposed")
    };
    E6 = Bug {
        applies: FOLIOS,
        predictive: Some("lockdep/self-deadlock"),
        actual: Some("lockdep/self-deadlock"),
        thread: Some("E6"),
        ..bug("2020_isolate_put_under_lru_lock", "compaction drops a last reference under the lru_lock", "mutant")
    };
    // Thread A: what must not be found.
    A2 = Bug {
        replaces: Some("2018_isolate_lru_page_mapping"),
        applies: PAGES,
        thread: Some("A2"),
        cpus: 3,
        ..bug(
            "2018_isolate_lru_page_fixed",
            "__isolate_lru_page locks the page and takes pages without a mapping",
            "variant",
        )
    };
    A4 = Bug {
        applies: ((6, 5), (6, 5)),
        thread: Some("A4"),
        ..bug("2020_isolate_reference_first", "compaction takes a reference, then the lock, then PG_lru", "variant")
    };
    A6 = Bug {
        applies: PAGES,
        brings: &["2018_isolate_lru_page_mapping"],
        rcu: Some(true),
        thread: Some("A6"),
        cpus: 3,
        ..bug(
            "2018_isolate_lru_page_under_rcu",
            "the unpinned mapping, but inodes are freed by RCU and the lru_lock is a reader",
            "variant",
        )
    };
    E2 = Bug {
        applies: UNMOVABLE,
        thread: Some("E2"),
        ..bug("2023_unmovable_merged", "compaction tests AS_UNMOVABLE of unevictable folios under the lock", "variant")
    };
}
