//! Mutants: one defect for each thing a check looks for.

use super::{ANY, Bug, FOLIOS, UNMOVABLE, V6_12, bug, mutant};
use crate::vocab::BugId;

bugs! {
    after super::open::END;

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
    NO_RECYCLING = bug("model_no_recycling", "a freed frame is never used again", "variant");
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
}
