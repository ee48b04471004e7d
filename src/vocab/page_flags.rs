//! Bits of `folio->flags`, numbered as MM-6.12 0.4.

/// A set of page flags: the low word of `folio->flags`.
pub type PageFlags = u64;

pub mod self_flags {
    pub const PG_LOCKED: u64 = 1 << 0;
    pub const PG_WRITEBACK: u64 = 1 << 1;
    pub const PG_REFERENCED: u64 = 1 << 2;
    pub const PG_UPTODATE: u64 = 1 << 3;
    pub const PG_DIRTY: u64 = 1 << 4;
    pub const PG_LRU: u64 = 1 << 5;
    pub const PG_HEAD: u64 = 1 << 6;
    pub const PG_WAITERS: u64 = 1 << 7;
    pub const PG_ACTIVE: u64 = 1 << 8;
    pub const PG_WORKINGSET: u64 = 1 << 9;
    /// Meaningful only together with PG_SWAPBACKED.
    pub const PG_SWAPCACHE: u64 = 1 << 10;
    pub const PG_MAPPEDTODISK: u64 = 1 << 11;
    pub const PG_PRIVATE: u64 = 1 << 14;
    pub const PG_PRIVATE_2: u64 = 1 << 15;
    pub const PG_RECLAIM: u64 = 1 << 16;
    pub const PG_SWAPBACKED: u64 = 1 << 17;
    pub const PG_UNEVICTABLE: u64 = 1 << 18;
    pub const PG_MLOCKED: u64 = 1 << 19;

    /// Every flag with the name reports and repro files use, lowest bit first.
    pub const PAGE_FLAG_NAMES: [(u64, &str); 18] = [
        (PG_LOCKED, "locked"),
        (PG_WRITEBACK, "writeback"),
        (PG_REFERENCED, "referenced"),
        (PG_UPTODATE, "uptodate"),
        (PG_DIRTY, "dirty"),
        (PG_LRU, "lru"),
        (PG_HEAD, "head"),
        (PG_WAITERS, "waiters"),
        (PG_ACTIVE, "active"),
        (PG_WORKINGSET, "workingset"),
        (PG_SWAPCACHE, "swapcache"),
        (PG_MAPPEDTODISK, "mappedtodisk"),
        (PG_PRIVATE, "private"),
        (PG_PRIVATE_2, "private_2"),
        (PG_RECLAIM, "reclaim"),
        (PG_SWAPBACKED, "swapbacked"),
        (PG_UNEVICTABLE, "unevictable"),
        (PG_MLOCKED, "mlocked"),
    ];

    /// Bits that make `free_pages_prepare` report a bad page (MM-6.12 1.4), mlocked excepted: it is cleared there.
    pub const PAGE_FLAGS_CHECK_AT_FREE: u64 =
        PG_LRU | PG_LOCKED | PG_PRIVATE | PG_PRIVATE_2 | PG_WRITEBACK | PG_ACTIVE | PG_UNEVICTABLE | PG_MLOCKED;

    // address_space->flags
    pub const AS_UNEVICTABLE: u64 = 1 << 0;
    pub const AS_EXITING: u64 = 1 << 1;
    /// v6.8's AS_UNMOVABLE, v6.11's AS_INACCESSIBLE: folios must never be migrated.
    pub const AS_UNMOVABLE: u64 = 1 << 2;

    // address_space->a_ops, as a bit set of the callbacks present
    pub const AOPS_MIGRATE_FOLIO: u64 = 1 << 0;
    pub const AOPS_FREE_FOLIO: u64 = 1 << 1;

    // inode->i_state
    pub const I_FREEING: u64 = 1 << 0;
    pub const I_CLEAR: u64 = 1 << 1;

    // folio->mapping encodings: the low bits
    pub const PAGE_MAPPING_ANON: u64 = 1;
    pub const PAGE_MAPPING_FLAGS: u64 = 3;

    // wait-entry flags (MM-6.12 2)
    pub const WQ_FLAG_EXCLUSIVE: u64 = 1 << 0;
    pub const WQ_FLAG_WOKEN: u64 = 1 << 1;
    pub const WQ_FLAG_CUSTOM: u64 = 1 << 2;
    pub const WQ_FLAG_DONE: u64 = 1 << 3;

    // xarray marks, per slot
    pub const MARK_DIRTY: u64 = 1 << 0;
    pub const MARK_WRITEBACK: u64 = 1 << 1;
    pub const MARK_TOWRITE: u64 = 1 << 2;
}
