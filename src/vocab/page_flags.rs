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
    /// The same bit as PG_MAPPEDTODISK (owner_2): of an anonymous page.
    pub const PG_ANON_EXCLUSIVE: u64 = PG_MAPPEDTODISK;
    pub const PG_PRIVATE: u64 = 1 << 14;
    pub const PG_PRIVATE_2: u64 = 1 << 15;
    pub const PG_RECLAIM: u64 = 1 << 16;
    /// The same bit as PG_RECLAIM: of a folio that is not under writeback.
    pub const PG_READAHEAD: u64 = PG_RECLAIM;
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

    /// `AS_STABLE_WRITES`: a folio under writeback must not change.
    pub const AS_STABLE_WRITES: u64 = 1 << 3;
    /// `AS_RELEASE_ALWAYS`: `release_folio` is asked also without private data.
    pub const AS_RELEASE_ALWAYS: u64 = 1 << 4;

    // address_space->a_ops, as a bit set of the callbacks present
    pub const AOPS_MIGRATE_FOLIO: u64 = 1 << 0;
    pub const AOPS_FREE_FOLIO: u64 = 1 << 1;
    /// The mapping can write back (`writepages`, dirty accounting, xarray tags): a disk file, not ramfs.
    pub const AOPS_WRITEBACK: u64 = 1 << 2;
    /// `writepage`: reclaim and migration's fallback may write one folio.
    pub const AOPS_WRITEPAGE: u64 = 1 << 3;
    /// Private data are buffer heads (`block_dirty_folio`, `buffer_migrate_folio`, `try_to_free_buffers`).
    pub const AOPS_BUFFERS: u64 = 1 << 4;
    /// Private data are iomap's (`iomap_release_folio`, `iomap_invalidate_folio`).
    pub const AOPS_IOMAP: u64 = 1 << 5;
    /// `page_mkwrite`: a shared write fault asks the file system.
    pub const AOPS_PAGE_MKWRITE: u64 = 1 << 6;
    /// `launder_folio`: direct I/O writes a dirty folio out itself.
    pub const AOPS_LAUNDER: u64 = 1 << 7;
    /// tmpfs (`shmem_aops`): pages without a device, which reclaim moves to swap.
    pub const AOPS_SHMEM: u64 = 1 << 8;

    // inode->i_state
    pub const I_FREEING: u64 = 1 << 0;
    pub const I_CLEAR: u64 = 1 << 1;

    // folio->mapping encodings: the low bits
    pub const PAGE_MAPPING_ANON: u64 = 1;
    pub const PAGE_MAPPING_FLAGS: u64 = 3;

    // vma->vm_flags
    pub const VM_READ: u64 = 1 << 0;
    pub const VM_WRITE: u64 = 1 << 1;
    pub const VM_SHARED: u64 = 1 << 2;
    pub const VM_LOCKED: u64 = 1 << 3;
    /// Set together with VM_LOCKED while `mlock_vma_pages_range` walks: a bit of VM_SPECIAL.
    pub const VM_IO: u64 = 1 << 4;
    pub const VM_DROPPABLE: u64 = 1 << 5;
    /// The pages are where `remap_file_pages()` put them: until v4.0.
    pub const VM_NONLINEAR: u64 = 1 << 6;

    // swap_map bytes
    pub const SWAP_HAS_CACHE: u64 = 0x40;
    pub const SWAP_COUNT: u64 = 0x3f;
    /// A count: the one entry is in a slot of a tmpfs file. One below the mask here, which only a count taken below 0
    /// can reach.
    pub const SWAP_MAP_SHMEM: u64 = 0x3e;

    // buffer_head->b_state
    pub const BH_UPTODATE: u64 = 1 << 0;
    pub const BH_DIRTY: u64 = 1 << 1;
    pub const BH_LOCK: u64 = 1 << 2;

    /// `GUP_PIN_COUNTING_BIAS`: references of one FOLL_PIN of a small folio.
    pub const GUP_PIN_COUNTING_BIAS: u64 = 1024;

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
