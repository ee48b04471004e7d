//! Registry of historic bugs that can be put back into the model. Data only.

use crate::vocab::BugId;

/// A (major, minor) kernel version.
pub type Version = (u8, u8);

/// One row of the registry.
pub struct Bug {
    /// Stable name: `<year>_<what>`.
    pub slug: &'static str,
    pub title: &'static str,
    /// "historic" (it was in a release), "proposed" (posted, never released in this form), "variant" (a correct
    /// alternative, expected clean) or "mutant" (planted to show that a check fires) or
    /// "open" (the kernel has it as far as is known; the model repairs it unless it is put back in: docs/questions).
    pub category: &'static str,
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
    /// The fix only works for inodes that are freed after a grace period: without `rcu_free` the finding stays.
    pub fix_needs_rcu_free: bool,
    /// Variant of the mail threads the project started from.
    pub thread: Option<&'static str>,
    /// CPUs it needs.
    pub cpus: u8,
}

macro_rules! bugs {
    ($($id:ident = $row:expr;)+) => {
        /// Every bug, in registry order.
        pub static BUGS: &[Bug] = &[$($row),+];
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        enum Ids { $($id),+ }
        $(pub const $id: BugId = BugId(Ids::$id as u8);)+
    };
}

const ANY: (Version, Version) = ((0, 0), (255, 0));
const PAGES: (Version, Version) = ((4, 14), (4, 15));
/// Kernels with AS_UNMOVABLE.
const UNMOVABLE: (Version, Version) = ((6, 8), (255, 0));
const FOLIOS: (Version, Version) = ((6, 5), (255, 0));

const fn bug(slug: &'static str, title: &'static str, category: &'static str) -> Bug {
    Bug {
        slug,
        title,
        category,
        fix: "",
        since: None,
        applies: ANY,
        predictive: None,
        actual: None,
        replaces: None,
        fix_needs_rcu_free: false,
        thread: None,
        cpus: 2,
    }
}

bugs! {
    A0 = Bug {
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
    M_DOUBLE_PUT = Bug {
        applies: ANY,
        predictive: Some("refcount/put-unowned"),
        actual: Some("refcount/put-unowned"),
        ..bug("mutant_double_cache_put", "filemap_free_folio puts the cache reference twice", "mutant")
    };
    M_LEAK = Bug {
        applies: FOLIOS,
        predictive: Some("refcount/leak"),
        actual: Some("refcount/leak"),
        ..bug("mutant_skipped_put", "find_lock_entries forgets to put a folio it could not lock", "mutant")
    };
    M_GET = Bug {
        applies: FOLIOS,
        predictive: Some("refcount/get-zero"),
        actual: Some("refcount/get-zero"),
        ..bug("mutant_get_not_try_get", "compaction takes a reference without testing for 0", "mutant")
    };
    M_FREEZE = Bug {
        applies: ANY,
        predictive: Some("freeze/entitlement"),
        actual: Some("freeze/entitlement"),
        ..bug("mutant_freeze_any_count", "__remove_mapping freezes whatever the count is", "mutant")
    };
    M_NA_DIRTY = Bug {
        applies: ANY,
        predictive: Some("folio_lock/na-lost"),
        actual: Some("folio_lock/na-lost"),
        ..bug("mutant_non_atomic_dirty", "folio_mark_dirty sets PG_dirty without an atomic operation", "mutant")
    };
    M_TOUCH = Bug {
        applies: ANY,
        predictive: Some("uaf/folio"),
        actual: Some("uaf/folio"),
        ..bug("mutant_touch_after_put", "a looked-up folio is marked accessed after its reference was put", "mutant")
    };
    M_LRU_TEST = Bug {
        applies: FOLIOS,
        predictive: Some("lru/not-holder"),
        actual: Some("lru/not-holder"),
        ..bug("mutant_isolate_without_winning", "isolate_lru_folios tests PG_lru instead of winning it", "mutant")
    };
    M_LRU_FIRST = Bug {
        applies: FOLIOS,
        predictive: Some("lru/no-ref"),
        actual: Some("lru/corrupt"),
        ..bug("mutant_clear_lru_before_get", "compaction clears PG_lru before it holds a reference", "mutant")
    };
    M_BADPAGE = Bug {
        applies: ANY,
        predictive: Some("badpage/locked"),
        actual: Some("badpage/locked"),
        ..bug("mutant_locked_at_free", "filemap_add_folio leaves PG_locked set when the index is taken", "mutant")
    };
    M_NRPAGES = Bug {
        applies: ANY,
        predictive: Some("pagecache/nrpages"),
        actual: Some("pagecache/nrpages"),
        ..bug("mutant_overwrite_slot", "__filemap_add_folio does not look whether the index is taken", "mutant")
    };
    M_SLEEP = Bug {
        applies: FOLIOS,
        predictive: Some("atomic/sleeping"),
        actual: Some("atomic/sleeping"),
        ..bug("mutant_lock_in_rcu", "find_lock_entries waits for the folio lock inside its RCU section", "mutant")
    };
    M_WAITERS = Bug {
        applies: ANY,
        predictive: Some("progress/lost-wakeup"),
        actual: Some("progress/lost-wakeup"),
        ..bug("mutant_forgotten_waiters", "folio_wait_bit_common does not set PG_waiters", "mutant")
    };
    M_RELOAD = Bug {
        applies: ANY,
        predictive: Some("vmbug/wrong-index"),
        actual: Some("vmbug/wrong-index"),
        ..bug("mutant_no_xas_reload", "filemap_get_entry does not look at the slot again", "mutant")
    };
    M_BATCH = Bug {
        applies: ANY,
        predictive: Some("quiesce/batch"),
        actual: Some("quiesce/batch"),
        ..bug("mutant_batch_left_behind", "lru_add_drain leaves a full batch alone", "mutant")
    };
    OPEN_WAITER = Bug {
        applies: FOLIOS,
        predictive: Some("progress/lost-wakeup"),
        actual: Some("progress/lost-wakeup"),
        cpus: 3,
        ..bug("open_killed_waiter_keeps_wakeup", "a killed folio-lock waiter does not pass its wake-up on", "open")
    };
    OPEN_FREE_FOLIO = Bug {
        applies: FOLIOS,
        predictive: Some("mapping/unprotected-deref"),
        actual: Some("uaf/mapping"),
        ..bug("open_free_folio_after_detach", "memory_failure uses a_ops of a file after its folio is detached", "open")
    };
    OPEN_MUNLOCK = Bug {
        applies: FOLIOS,
        predictive: Some("lru/stranded-unevictable"),
        actual: Some("lru/stranded-unevictable"),
        ..bug("open_munlock_without_count", "munlock clears PG_mlocked of a folio whose PG_lru another CPU has", "open")
    };
    OPEN_WRITEOUT = Bug {
        applies: FOLIOS,
        predictive: Some("migration/fallback-retry"),
        actual: Some("migration/fallback-retry"),
        ..bug("open_fallback_writeout_retry", "migration tries again after writeout restored the mappings", "open")
    };
    OPEN_SWAPCACHE = Bug {
        applies: FOLIOS,
        predictive: Some("vmbug/swapcache"),
        actual: Some("vmbug/swapcache"),
        ..bug("open_swapcache_without_entry", "an unlocked folio_mapping sees PG_swapcache without a swap entry", "open")
    };
    OPEN_FAULT = Bug {
        applies: FOLIOS,
        predictive: Some("mapping/unprotected-deref"),
        actual: Some("uaf/mapping"),
        cpus: 3,
        ..bug("open_killed_fault_invalidate_lock", "a killed fault drops invalidate_lock after the mmap_lock", "open")
    };
}
