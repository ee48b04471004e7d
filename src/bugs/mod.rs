//! Registry of historic bugs that can be put back into the model. Data only.

use crate::vocab::{BugId, BugSet};

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

macro_rules! bugs {
    ($($id:ident = $row:expr;)+) => {
        /// Every bug, in registry order.
        pub static BUGS: &[Bug] = &[$($row),+];
        const _: () = assert!([$(stringify!($id)),+].len() <= BugSet::CAPACITY, "`Model::bugs` has a bit for each");
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        enum Ids { $($id),+ }
        $(pub const $id: BugId = BugId(Ids::$id as u8);)+
    };
}

const ANY: (Version, Version) = ((0, 0), (255, 0));
const PAGES: (Version, Version) = ((4, 14), (4, 15));
const V3_13: (Version, Version) = ((3, 13), (3, 13));
/// Kernels with AS_UNMOVABLE.
const UNMOVABLE: (Version, Version) = ((6, 8), (255, 0));
/// Only the newest forms.
const V6_12: (Version, Version) = ((6, 12), (255, 0));
const V5_0: (Version, Version) = ((5, 0), (5, 0));
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
        ..bug(
            "open_swapcache_without_entry",
            "an unlocked folio_mapping sees PG_swapcache without a swap entry",
            "open",
        )
    };
    OPEN_FAULT = Bug {
        applies: FOLIOS,
        predictive: Some("mapping/unprotected-deref"),
        cpus: 3,
        ..bug("open_killed_fault_invalidate_lock", "a killed fault drops invalidate_lock after the mmap_lock", "open")
    };
    // Mutants of the checks, in the order of their kinds.
    M_DUP_FILE = mutant(
        "mutant_fork_without_mapcount",
        "fork maps a file folio in the child without counting the mapping",
        "rmap/mapcount",
    );
    M_FORK_WRITABLE = mutant(
        "mutant_fork_parent_writable",
        "fork leaves the parent's entry of a shared page writable",
        "rmap/writable-shared",
    );
    M_DUP_EXCLUSIVE =
        mutant("mutant_fork_keeps_exclusive", "fork shares a page that stays marked exclusive", "vmbug/exclusive");
    M_REUSE_SHARED = mutant(
        "mutant_reuse_shared_page",
        "do_wp_page reuses an anonymous page without looking at its users",
        "rmap/exclusive-shared",
    );
    M_UNDO_ENTRIES = mutant(
        "mutant_undo_leaves_entries",
        "migrate_folio_undo_src does not restore the mappings",
        "rmap/entry-unlocked",
    );
    M_SHARE_PINNED =
        mutant("mutant_share_pinned_page", "folio_try_share_anon_rmap_pte does not look for pins", "pins/shared");
    M_SHARE_EXCLUSIVE = mutant(
        "mutant_share_keeps_exclusive",
        "folio_try_share_anon_rmap_pte leaves the page marked exclusive",
        "rmap/swap-exclusive",
    );
    M_MREMAP_PGOFF = mutant(
        "mutant_mremap_page_offset",
        "copy_vma gives a faulted VMA the page offset of its new place",
        "rmap/placement",
    );
    M_FAULT_UPTODATE = mutant(
        "mutant_fault_not_uptodate",
        "filemap_fault does not wait until the folio has been read",
        "rmap/not-uptodate",
    );
    M_REUSE_UNLOCKED = Bug { actual: None, ..mutant(
        "mutant_reuse_unlocked",
        "wp_page_reuse writes the entry after dropping the page-table lock",
        "rmap/pte-unlocked",
    ) };
    M_MAP_PAGES_REF = Bug {
        applies: UNMOVABLE,
        ..mutant("mutant_map_pages_without_ref", "filemap_map_pages takes no reference for the entry", "rmap/pte-refs")
    };
    M_NEW_ANON_ORDER = mutant(
        "mutant_mapped_before_mapping",
        "folio_add_new_anon_rmap counts the mapping before it sets the anon_vma",
        "rmap/mapped-detached",
    );
    M_FORK_SWAP =
        mutant("mutant_fork_without_swap_count", "fork copies a swap entry without counting it", "swap/count");
    M_ZAP_TWICE = mutant("mutant_zap_swap_twice", "zap frees a swap entry twice", "swap/underflow");
    M_SLOT_FREED = mutant(
        "mutant_slot_freed_with_entries",
        "dropping the swap-cache flag frees a slot that has entries",
        "swap/free-slot",
    );
    M_SLOT_UNLOCKED = Bug { actual: None, ..mutant(
        "mutant_slot_freed_unlocked",
        "free_swap_slot clears the byte after dropping the cluster lock",
        "swap/map-unlocked",
    ) };
    M_SLOT_KEPT = mutant("mutant_slot_kept", "delete_from_swap_cache does not give the slot back", "swap/has-cache");
    M_MIGRATE_DIRTY = mutant(
        "mutant_migration_loses_dirty",
        "__folio_migrate_mapping does not carry PG_dirty over",
        "migration/dirty-lost",
    );
    M_MIGRATE_WRITEBACK =
        mutant("mutant_migration_ignores_writeback", "migration does not look for writeback", "migration/src-busy");
    M_MIGRATE_SWAPCACHE = mutant(
        "mutant_migration_leaves_swapcache",
        "folio_migrate_flags leaves PG_swapcache on the source",
        "migration/src-left",
    );
    M_MIGRATE_EARLY = Bug {
        applies: V6_12,
        ..mutant(
        "mutant_migration_publishes_early",
        "migration publishes the destination before it is filled",
        "migration/dst-visible",
    )
    };
    M_MIGRATE_UNLOCK = mutant(
        "mutant_migration_unlocks_early",
        "migration unlocks the destination before the source is detached",
        "migration/dst-unlocked",
    );
    M_MIGRATE_TRYLOCK = mutant(
        "mutant_migration_without_lock",
        "migration goes on when it cannot lock the source",
        "folio_lock/unlock-not-owner",
    );
    M_MIGRATE_UNFREEZE = mutant(
        "mutant_migration_unfreezes_all",
        "__folio_migrate_mapping gives the source the cache's reference back",
        "refcount/unfreeze",
    );
    M_MIGRATE_ANON_VMA = mutant(
        "mutant_migration_drops_anon_vma",
        "migration puts the anon_vma before it restores the mappings",
        "uaf/anon-vma",
    );
    M_PUTBACK =
        mutant("mutant_putback_forgets_lru", "putback_movable_pages puts folios without filing them", "lru/stranded");
    M_WRITE_UNLOCKED = Bug {
        actual: Some("writeback/detached"),
        ..mutant(
            "mutant_write_out_unlocked",
            "__swap_writepage unlocks the folio before writeback starts",
            "writeback/start-unlocked",
        )
    };
    M_END_UNREF = Bug {
        actual: None,
        ..mutant(
            "mutant_end_writeback_without_ref",
            "folio_end_writeback takes no reference of its own",
            "writeback/end-unref",
        )
    };
    M_END_KEPT = mutant("mutant_end_writeback_keeps_ref", "folio_end_writeback keeps its reference", "quiesce/owner");
    M_LOCK_WRITEBACK =
        mutant("mutant_lock_entries_writeback", "find_lock_entries takes folios under writeback", "writeback/detached");
    M_WRITE_LATE =
        mutant("mutant_write_after_end", "swap writeback ends before the device has read the page", "uaf/content");
    M_WRITE_ENDLESS =
        mutant("mutant_writeback_never_ends", "end_swap_bio_write does not end the writeback", "quiesce/writeback");
    M_READ_LOCKED =
        mutant("mutant_read_never_ends", "the completion of a read does not unlock the folio", "progress/deadlock");
    M_GUP_UNSHARE = mutant("mutant_pin_shared_page", "gup_must_unshare always says no", "vmbug/not-exclusive");
    M_GUP_BIAS = mutant("mutant_pin_of_one", "a fast pin takes one reference instead of 1024", "pins/unpinned");
    M_GUP_FLAG =
        mutant("mutant_pin_without_flag", "pinning does not tell fork that the process has pins", "pins/shared");
    M_LINK_UNLOCKED = Bug {
        actual: Some("vmbug/mapped"),
        ..mutant("mutant_mmap_unlocked", "vma_link_file changes i_mmap without its lock", "race/unguarded-load")
    };
    M_LINK_SHARED = Bug {
        actual: Some("vmbug/mapped"),
        ..mutant(
            "mutant_mmap_shared_lock",
            "vma_link_file changes i_mmap with its lock held shared",
            "race/unguarded-store",
        )
    };
    M_FAULT_VMA =
        mutant("mutant_fault_uses_vma_late", "a file fault reads its VMA after dropping the mmap_lock", "uaf/vma");
    M_UNMAP_DIRTY =
        mutant("mutant_unmap_loses_dirty", "try_to_unmap_one does not carry the dirty bit over", "content/lost-data");
    M_READ_BLOCK = mutant(
        "mutant_read_next_block",
        "a read fills the folio from the next block of the file",
        "content/wrong-page",
    );
    M_MPROTECT_FILE = mutant(
        "mutant_mprotect_private_file",
        "mprotect makes a private mapping of the file's page writable",
        "content/private-write",
    );
    M_RECLAIM_PUT = Bug {
        applies: V6_12,
        ..mutant(
        "mutant_reclaim_slot_put_early",
        "__try_to_reclaim_swap puts its reference before it is through",
        "refcount/sub-zero",
    )
    };
    M_ZAP_PUT_FIRST =
        mutant("mutant_zap_puts_first", "zap puts the reference before it takes the mapping off", "refcount/mapcount");
    M_ZAP_LATE =
        mutant("mutant_zap_clears_last", "zap clears the entry after its reference is put", "refcount/free-mapped");
    M_PUT_FREED =
        mutant("mutant_put_after_free", "folio_put_refs puts once more what it has freed", "refcount/put-zero");
    M_SWAPIN_PUT = mutant(
        "mutant_swapin_puts_early",
        "do_swap_page puts the reference its entry is to have",
        "refcount/transfer-unowned",
    );
    M_LOOKUP_GET = mutant(
        "mutant_lookup_get",
        "filemap_get_entry takes a reference without testing for 0",
        "refcount/frozen-write",
    );
    M_LAZYFREE_FREEZE = mutant(
        "mutant_lazyfree_without_freeze",
        "reclaim frees an MADV_FREE folio without freezing its count",
        "refcount/free-owned",
    );
    M_FAULT_UNLOCKED = Bug { actual: None, ..mutant(
        "mutant_fault_maps_unlocked",
        "do_read_fault unlocks the folio before it maps it",
        "folio_lock/map-unlocked",
    ) };
    M_WAKE_CLEARS = Bug {
        actual: Some("progress/lost-wakeup"),
        ..mutant("mutant_wake_clears_waiters", "folio_wake_bit always clears PG_waiters", "folio_lock/waiters-clear")
    };
    M_LOCK_AFTER_PUT = Bug {
        actual: Some("refcount/put-unowned"),
        ..mutant("mutant_lock_after_put", "swapoff locks a folio after putting its reference", "folio_lock/unref")
    };
    M_FREE_SWAP_TRYLOCK = mutant(
        "mutant_free_swap_without_lock",
        "free_swap_cache goes on when it cannot lock the folio",
        "pagecache/remove-unlocked",
    );
    M_TRUNCATE_MAPPED = mutant("mutant_truncate_mapped", "truncation does not unmap the folio", "vmbug/mapped");
    M_TRUNCATE_WRITEBACK =
        mutant("mutant_truncate_writeback", "truncation does not wait for writeback", "pagecache/writeback-delete");
    M_UNMAP_TRUNCATED = mutant(
        "mutant_unmap_truncated",
        "invalidation unmaps a folio without looking at its mapping again",
        "uaf/null-deref",
    );
    M_SWAP_CACHE_REF =
        mutant("mutant_swap_cache_without_ref", "add_to_swap_cache takes no reference", "pagecache/slot-unowned");
    M_STORE_UNLOCKED = Bug { actual: None, ..mutant(
        "mutant_slot_stored_unlocked",
        "add_to_swap_cache stores the slot before it takes i_pages",
        "pagecache/store-unlocked",
    ) };
    M_ADD_INDEX =
        mutant("mutant_add_without_index", "__filemap_add_folio does not set folio->index", "pagecache/slot-mapping");
    M_DELETE_ATTACHED =
        mutant("mutant_delete_keeps_mapping", "page_cache_delete leaves folio->mapping", "pagecache/not-in-slot");
    M_SHADOW_EXITING = mutant(
        "mutant_shadow_in_exiting",
        "reclaim leaves a shadow in a file that is being evicted",
        "pagecache/shadow-exiting",
    );
    M_DIRTY_MARK = mutant("mutant_dirty_without_mark", "__folio_mark_dirty does not set the mark", "pagecache/marks");
    M_ACTIVATE_UNFILED = mutant("mutant_activate_unfiled", "lru_activate does not file the folio again", "lru/unfiled");
    M_MLOCK_COUNT_FIRST = mutant(
        "mutant_mlock_count_first",
        "__mlock_new_folio sets mlock_count before the folio is unevictable",
        "lru/mlock-count",
    );
    M_MUNLOCK_RESCUE = mutant(
        "mutant_munlock_without_rescue",
        "munlock leaves the folio on the unevictable list",
        "lru/stranded-unevictable",
    );
    M_MUNLOCK_COUNT = mutant("mutant_munlock_without_count", "munlock does not count down", "lru/mlock-overcount");
    M_PUT_LRU_LOCK =
        mutant("mutant_last_put_under_lru_lock", "move_folios_to_lru puts with the lru_lock held", "lru/last-put");
    M_ISOLATE_UNLOCKED = Bug {
        actual: Some("lru/no-lock"),
        ..mutant("mutant_isolate_unlocked", "folio_isolate_lru unlinks without the lru_lock", "race/unguarded-store")
    };
    M_UNEVICTABLE_ACTIVE =
        mutant("mutant_unevictable_active", "lru_add files an active folio as unevictable", "vmbug/active-unevictable");
    M_SLOT_UNDER_TREE = Bug {
        actual: None,
        ..mutant("mutant_slot_under_tree_lock", "__remove_mapping gives the slot back under i_pages", "lockdep/order")
    };
    M_UNLOCK_TWICE = mutant(
        "mutant_unlock_unheld",
        "folio_batch_move_lru drops an lru_lock it does not hold",
        "lockdep/unlock-unheld",
    );
    M_KEPT_LOCK = mutant(
        "mutant_kept_mmap_lock",
        "MADV_DONTNEED returns with the mmap_lock held if there is no VMA",
        "lockdep/held-at-end",
    );
    M_FREE_ACTIVE = mutant("mutant_active_at_free", "a folio is freed with PG_active", "badpage/active");
    M_BUFFERS_LEFT =
        mutant("mutant_private_at_free", "drop_buffers puts its reference but leaves PG_private", "badpage/private");
    M_FREE_UNEVICTABLE =
        mutant("mutant_unevictable_at_free", "a folio is freed with PG_unevictable", "badpage/unevictable");
    M_FREE_ATTACHED = mutant(
        "mutant_attached_at_free",
        "__filemap_add_folio leaves folio->mapping when the index is taken",
        "badpage/mapping",
    );
    M_SLOT_NOT_CLEARED = mutant(
        "mutant_swapin_keeps_slot",
        "a swap-in past the swap cache does not clear SWAP_HAS_CACHE",
        "progress/no-progress",
    );
    M_FAULT_SIZE = Bug {
        applies: FOLIOS,
        predictive: Some("pagecache/mapped-beyond"),
        actual: Some("pagecache/mapped-beyond"),
        ..bug("mutant_fault_beyond_eof", "filemap_fault does not look at i_size again under the folio lock", "mutant")
    };
    // Thread A: what must not be found.
    A2 = Bug {
        replaces: Some("2018_isolate_lru_page_mapping"),
        applies: PAGES,
        thread: Some("A2"),
        cpus: 3,
        ..bug("2018_isolate_lru_page_fixed", "__isolate_lru_page locks the page and takes pages without a mapping", "variant")
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
    // Thread D: the claim, and each of the five things that stop it.
    D0 = Bug {
        applies: FOLIOS,
        thread: Some("D0"),
        cpus: 4,
        ..bug("2024_map_pages_against_truncation", "fault-around, truncation, pageout advice as they are", "variant")
    };
    D1A = Bug {
        applies: FOLIOS,
        brings: &["2024_map_pages_no_reload", "model_no_recycling"],
        thread: Some("D1a"),
        ..bug("2024_map_pages_no_reload_no_recycling", "stop 1 removed, where no frame is used twice", "variant")
    };
    D1B = Bug {
        applies: FOLIOS,
        predictive: Some("pte/wrong-index"),
        actual: Some("pte/wrong-index"),
        thread: Some("D1b"),
        cpus: 3,
        ..bug("2024_map_pages_no_reload", "stop 1 removed: next_uptodate_folio does not look at the slot again", "mutant")
    };
    D2 = Bug {
        applies: FOLIOS,
        predictive: Some("rmap/mapped-detached"),
        actual: Some("rmap/mapped-detached"),
        thread: Some("D2"),
        ..bug("2024_map_pages_no_mapping_check", "stop 2 removed: next_uptodate_folio does not ask for the mapping", "mutant")
    };
    D3 = Bug {
        applies: FOLIOS,
        brings: &["2024_map_pages_no_reload", "2024_map_pages_no_mapping_check"],
        predictive: Some("rmap/mapped-detached"),
        actual: Some("rmap/mapped-detached"),
        thread: Some("D3"),
        ..bug("2024_map_pages_no_checks", "stops 1 and 2 removed", "mutant")
    };
    D_SIZE = Bug {
        applies: FOLIOS,
        ..bug("2024_map_pages_no_size_check", "stop 3 removed: next_uptodate_folio does not look at i_size", "variant")
    };
    D4 = Bug {
        applies: FOLIOS,
        predictive: Some("vmbug/wrong-index"),
        actual: Some("vmbug/wrong-index"),
        thread: Some("D4"),
        cpus: 3,
        ..bug("2024_find_get_entry_no_reload", "stop 4 removed: find_get_entry does not look at the slot again", "mutant")
    };
    D5 = Bug {
        applies: FOLIOS,
        predictive: Some("uaf/null-deref"),
        actual: Some("uaf/null-deref"),
        thread: Some("D5"),
        ..bug("2024_truncate_no_mapping_check", "stop 5 removed: truncate_inode_folio does not ask for the mapping", "mutant")
    };
    D6 = Bug {
        applies: FOLIOS,
        brings: &["2024_find_get_entry_no_reload", "2024_truncate_no_mapping_check"],
        predictive: Some("uaf/null-deref"),
        actual: Some("uaf/null-deref"),
        thread: Some("D6"),
        ..bug("2024_second_pass_no_checks", "stops 4 and 5 removed", "mutant")
    };
    D_ALL = Bug {
        applies: FOLIOS,
        brings: &[
            "2024_map_pages_no_reload",
            "2024_map_pages_no_mapping_check",
            "2024_map_pages_no_size_check",
            "2024_find_get_entry_no_reload",
            "2024_truncate_no_mapping_check",
        ],
        predictive: Some("rmap/mapped-detached"),
        actual: Some("rmap/mapped-detached"),
        cpus: 4,
        ..bug("2024_claim_without_stops", "all five stops removed", "mutant")
    };
    D7 = Bug {
        applies: FOLIOS,
        predictive: Some("lru/no-ref"),
        actual: Some("lru/corrupt"),
        thread: Some("D7"),
        ..bug(
            "2024_isolate_without_reference",
            "MADV_PAGEOUT drops the page-table lock, its only hold, before folio_isolate_lru",
            "mutant",
        )
    };
    D7B = Bug {
        applies: FOLIOS,
        brings: &["2024_isolate_without_reference", "2024_isolate_get_first"],
        predictive: Some("refcount/get-zero"),
        actual: Some("refcount/get-zero"),
        thread: Some("D7b"),
        ..bug("2024_isolate_without_reference_get", "no hold, and the reference taken before PG_lru is cleared", "proposed")
    };
    D7C = Bug {
        applies: FOLIOS,
        brings: &["2024_isolate_without_reference", "2024_isolate_try_get_first"],
        thread: Some("D7c"),
        ..bug("2024_isolate_without_reference_try_get", "no hold, but a reference is tried for before PG_lru", "variant")
    };
    D_GET_FIRST = Bug {
        applies: FOLIOS,
        ..bug("2024_isolate_get_first", "folio_isolate_lru takes its reference before it clears PG_lru", "variant")
    };
    D_TRY_GET_FIRST = Bug {
        applies: FOLIOS,
        ..bug("2024_isolate_try_get_first", "folio_isolate_lru tries for its reference before it clears PG_lru", "variant")
    };
    D8 = Bug {
        applies: FOLIOS,
        thread: Some("D8"),
        ..bug("2024_reclaim_of_truncated", "reclaim of a truncated folio as it is", "variant")
    };
    D8M = Bug {
        applies: FOLIOS,
        predictive: Some("freeze/entitlement"),
        actual: Some("freeze/entitlement"),
        thread: Some("D8m"),
        ..bug("2024_reclaim_no_mapping_check", "shrink_folio_list does not ask for the mapping", "mutant")
    };
    NO_RECYCLING = bug("model_no_recycling", "a freed frame is never used again", "variant");
    E2 = Bug {
        applies: UNMOVABLE,
        thread: Some("E2"),
        ..bug("2023_unmovable_merged", "compaction tests AS_UNMOVABLE of unevictable folios under the lock", "variant")
    };
    SWAPIN_DIRECT = Bug {
        fix: "13ddaf26be32",
        since: Some(((4, 15), (6, 8))),
        applies: FOLIOS,
        predictive: Some("content/lost-data"),
        actual: Some("content/lost-data"),
        cpus: 3,
        ..bug("2024_swapin_past_the_swap_cache", "two faults read a page past the swap cache, the slower one maps it stale", "historic")
    };
    // Thread C (2014): mlock and munlock of pages, nonlinear VMAs. v3.13 has V0, V4, V6 and V7.
    C_V0 = Bug {
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
        fix: "70feee0e1ef3",
        since: Some(((3, 12), (4, 12))),
        applies: V3_13,
        predictive: Some("mlock/nr-mlock"),
        actual: Some("mlock/nr-mlock"),
        thread: Some("C-V4"),
        ..bug("2017_munlock_pagevec_count", "__munlock_pagevec does not uncount pages it cannot isolate", "historic")
    };
    C_V5 = Bug {
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
        ..bug("mutant_waits_no_pins_no_clear", "munlock waits for migration, and nothing else keeps them apart", "mutant")
    };
    C_V6 = Bug {
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
        fix: "b87537d9e2fe",
        since: Some(((2, 6), (4, 4))),
        applies: V3_13,
        predictive: Some("mlock/unstable"),
        actual: Some("badpage/mlocked"),
        thread: Some("C-V7"),
        ..bug("2015_mlock_after_page_table_lock", "try_to_unmap_one mlocks after dropping the page-table lock", "historic")
    };
    REMAP_MIGRATION = Bug {
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
        fix: "27ba0644ea9d",
        since: Some(((2, 6), (4, 0))),
        applies: V3_13,
        predictive: Some("mlock/stale"),
        actual: Some("mlock/stale"),
        ..bug("2015_cluster_unmaps_mlocked", "try_to_unmap_cluster unmaps mlocked pages when munlock is under way", "historic")
    };
    CLUSTER_EXIT = Bug {
        fix: "27ba0644ea9d",
        since: Some(((2, 6), (4, 0))),
        applies: V3_13,
        predictive: Some("mlock/unstable"),
        actual: Some("mlock/stale"),
        ..bug("2015_cluster_mlock_in_exit", "try_to_unmap_cluster mlocks pages of a process that exits", "historic")
    };
    C_V8 = Bug {
        applies: V3_13,
        predictive: Some("lru/stranded-unevictable"),
        actual: Some("lru/stranded-unevictable"),
        thread: Some("C-V8"),
        ..bug("mutant_putback_without_recheck", "putback_lru_page does not look again after filing a page", "mutant")
    };
    // For the checks: what no thread's variant shows.
    M_MUNLOCK_SHARED = Bug {
        actual: None,
        ..mutant("mutant_munlock_shared_lock", "munlock holds the mmap_lock for reading only", "mlock/vm-flags")
    };
    M_WAITER_LOOKS = Bug {
        actual: None,
        ..mutant(
            "mutant_waiter_looks_again",
            "a waiter that has dropped its reference looks at the folio once more",
            "waiter/touches",
        )
    };
    M_BUFFERS_UNREF = Bug {
        actual: Some("refcount/put-unowned"),
        ..mutant(
            "mutant_buffers_without_ref",
            "create_empty_buffers takes no reference for the private data",
            "refcount/private-unowned",
        )
    };
    M_COMPACT_BLOCKING = mutant(
        "mutant_compaction_takes_unmigratable",
        "asynchronous compaction does not ask for a migrate_folio callback",
        "regress/blocking-migrate",
    );
    M_MOVE_UNMOVABLE = Bug {
        applies: UNMOVABLE,
        ..mutant(
            "mutant_migration_moves_unmovable",
            "move_to_new_folio ignores AS_UNMOVABLE",
            "regress/unmovable-moved",
        )
    };
    M_FAULT_PUT = Bug {
        actual: None,
        ..mutant("mutant_fault_puts_first", "finish_fault has no reference while it sets the entry", "pte/unreferenced")
    };
    // Thread B.
    B_V0 = Bug {
        fix: "8e47a457321c",
        since: Some(((4, 19), (5, 0))),
        applies: V5_0,
        predictive: Some("refcount/private-unowned"),
        actual: Some("freeze/entitlement"),
        thread: Some("B-V0"),
        ..bug("2018_iomap_private_without_reference", "iomap sets PG_private without taking a reference", "historic")
    };
    B_W0 = Bug {
        applies: V5_0,
        thread: Some("W0"),
        ..bug("2018_migration_wait_with_reference", "a fault waits for a migration with a reference", "variant")
    };
    B_W1 = Bug {
        applies: V5_0,
        thread: Some("W1"),
        ..bug("2019_migration_wait_drops_reference", "a fault drops its reference before it sleeps", "variant")
    };
    B_W2 = Bug {
        applies: V5_0,
        thread: Some("W2"),
        ..bug("2021_migration_wait_without_reference", "a fault waits for a migration without a reference", "variant")
    };
    B_V0_W1 = Bug {
        applies: V5_0,
        brings: &["2018_iomap_private_without_reference", "2019_migration_wait_drops_reference"],
        predictive: Some("refcount/private-unowned"),
        actual: Some("freeze/entitlement"),
        thread: Some("B-V0+W1"),
        ..bug("2019_iomap_private_drop_wait", "PG_private without a reference, a waiter drops its own", "historic")
    };
    B_V0_W0 = Bug {
        applies: V5_0,
        brings: &["2018_iomap_private_without_reference", "2018_migration_wait_with_reference"],
        predictive: Some("refcount/private-unowned"),
        actual: Some("freeze/entitlement"),
        thread: Some("B-V0+W0"),
        ..bug("2018_iomap_private_kept_wait", "PG_private without a reference, a waiter keeps its own", "historic")
    };
    B_V0_LOOKUP = Bug {
        applies: V5_0,
        brings: &["2018_iomap_private_without_reference"],
        predictive: Some("refcount/private-unowned"),
        actual: Some("freeze/entitlement"),
        thread: Some("B-V0+lookup"),
        ..bug("2018_iomap_private_lookup", "PG_private without a reference, and a lookup of the page", "historic")
    };
    B_V0_NODEBUG = Bug {
        applies: V5_0,
        brings: &["2018_iomap_private_without_reference"],
        predictive: Some("refcount/private-unowned"),
        actual: Some("freeze/entitlement"),
        thread: Some("B-V0 no DEBUG_VM"),
        ..bug("2018_iomap_private_no_debug", "PG_private without a reference, and nobody asserts anything", "historic")
    };
    B_V1 = Bug {
        fix: "8e47a457321c",
        applies: V5_0,
        predictive: Some("refcount/private-unowned"),
        actual: Some("refcount/leak"),
        thread: Some("B-V1"),
        cpus: 1,
        ..bug("2018_iomap_private_left_behind", "iomap_migrate_page moves private data, not their reference", "proposed")
    };
    B_V2 = Bug {
        applies: V5_0,
        thread: Some("B-V2"),
        cpus: 3,
        ..bug("2019_iomap_private_counted", "iomap counts private data as it is", "variant")
    };
    B_V3 = Bug {
        applies: V5_0,
        thread: Some("B-V3"),
        ..bug("2019_reuse_swap_page", "do_wp_page takes a page over while it is migrated, as it is", "variant")
    };
    B_V3_UNLOCKED = Bug {
        applies: V5_0,
        predictive: Some("vmbug/not-locked"),
        actual: Some("vmbug/not-locked"),
        thread: Some("B-V3 without the page lock"),
        cpus: 1,
        ..bug("2019_reuse_swap_page_unlocked", "do_wp_page takes a page over without its lock", "mutant")
    };
    B_V3_MAPPED = Bug {
        applies: V5_0,
        predictive: Some("freeze/entitlement"),
        actual: Some("freeze/entitlement"),
        thread: Some("B-V3 mapcount"),
        cpus: 1,
        ..bug("2019_migration_expects_mappings", "migration expects mappings instead of taking them away", "mutant")
    };
    B_V4 = Bug {
        applies: V5_0,
        thread: Some("B-V4"),
        ..bug("2019_migration_anon_without_freeze", "an anonymous page is moved without a freeze, as it is", "variant")
    };
    B_V5 = Bug {
        applies: V5_0,
        brings: &["2018_migration_wait_with_reference"],
        predictive: Some("progress/only-waiters"),
        actual: Some("progress/only-waiters"),
        thread: Some("B-V5"),
        ..bug("2018_migration_wait_starves", "faults that wait with references keep a page from moving", "variant")
    };
    B_V6_PUT = Bug {
        applies: V5_0,
        predictive: Some("refcount/private-unowned"),
        actual: Some("refcount/leak"),
        thread: Some("B-V6 put"),
        cpus: 1,
        ..bug("mutant_iomap_migrate_without_put", "iomap_migrate_page does not put the old page's reference", "mutant")
    };
    B_V6_GET = Bug {
        applies: V5_0,
        predictive: Some("refcount/private-unowned"),
        actual: Some("refcount/put-unowned"),
        thread: Some("B-V6 get"),
        cpus: 1,
        ..bug("mutant_iomap_migrate_without_get", "iomap_migrate_page takes no reference on the new page", "mutant")
    };
    B_V6_EXPECTED = Bug {
        applies: V5_0,
        predictive: Some("freeze/entitlement"),
        actual: Some("freeze/entitlement"),
        thread: Some("B-V6 expected"),
        ..bug("mutant_migration_expects_early", "migration counts the references it expects before it unmaps", "mutant")
    };
    B_V6_SLOT = Bug {
        applies: V5_0,
        thread: Some("B-V6 slot"),
        ..bug("mutant_migration_without_slot_check", "migration does not look whether the slot has the page", "mutant")
    };
    B_V6_FREEZE = Bug {
        applies: V5_0,
        predictive: Some("freeze/entitlement"),
        actual: Some("freeze/entitlement"),
        thread: Some("B-V6 freeze"),
        ..bug("mutant_freeze_by_store", "migration freezes with a load and a store", "mutant")
    };
}
