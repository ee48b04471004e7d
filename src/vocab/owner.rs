//! Who holds a folio reference (MM-6.12 0.5, ERAS 0.4).

/// An owner class. With an instance (a CPU for most, 0 where the folio itself determines it) it names one holder.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Owner {
    /// The caller of the page allocator.
    Alloc,
    /// The page-cache slot.
    PageCache,
    /// A present page-table entry.
    Pte,
    /// PG_private data.
    Private,
    /// Whoever took the folio off its LRU list.
    Isolation,
    /// An entry of a per-CPU LRU batch.
    Batch,
    /// One lookup, inside a function.
    Lookup,
    /// An entry of a lookup's folio_batch.
    LookupBatch,
    /// A holder that outlives the operation that took the reference (GUP FOLL_GET, a driver).
    User,
    /// The swap cache.
    SwapCache,
    /// An entry of an mmu_gather: a page table's reference on its way to be dropped.
    Gather,
    /// FOLL_PIN: 1024 references each.
    Pin,
    /// The temporary reference of an I/O completion.
    Completion,
    /// An entry of a per-CPU mlock batch.
    MlockBatch,
    /// A fault in progress.
    Fault,
}

impl Owner {
    pub const ALL: [Owner; 15] = [
        Owner::Alloc,
        Owner::PageCache,
        Owner::Pte,
        Owner::Private,
        Owner::Isolation,
        Owner::Batch,
        Owner::Lookup,
        Owner::LookupBatch,
        Owner::User,
        Owner::SwapCache,
        Owner::Gather,
        Owner::Pin,
        Owner::Completion,
        Owner::MlockBatch,
        Owner::Fault,
    ];

    /// The name used in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Owner::Alloc => "alloc",
            Owner::PageCache => "pagecache",
            Owner::Pte => "pte",
            Owner::Private => "private",
            Owner::Isolation => "isolation",
            Owner::Batch => "lru_batch",
            Owner::Lookup => "lookup",
            Owner::LookupBatch => "fbatch",
            Owner::User => "user",
            Owner::SwapCache => "swapcache",
            Owner::Gather => "mmu_gather",
            Owner::Pin => "pin",
            Owner::Completion => "io_completion",
            Owner::MlockBatch => "mlock_batch",
            Owner::Fault => "fault",
        }
    }

    /// Whether the owner is one per CPU; the others are one per folio.
    pub const fn per_cpu(self) -> bool {
        !matches!(self, Owner::PageCache | Owner::Pte | Owner::Private | Owner::SwapCache)
    }

    /// The `aux` word of an event: owner, the CPU instance it acts for, and a count of references.
    pub const fn aux(self, cpu: usize, nr: u32) -> u32 {
        let instance = if self.per_cpu() { cpu as u32 } else { 0 };
        self as u32 | instance << 8 | nr << 16
    }

    /// The inverse of [`Owner::aux`]: owner, instance, count.
    pub fn from_aux(aux: u32) -> (Owner, usize, u32) {
        let owner = Owner::ALL[(aux & 0xff) as usize % Owner::ALL.len()];
        (owner, (aux >> 8 & 0xff) as usize, aux >> 16)
    }
}

/// How a task came by the `address_space` it accesses: the `aux` word of every access to an object of class `Mapping`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Via {
    /// The caller says that it pins the inode (an open file, its own eviction).
    Pinned { generation: u8 },
    /// Through `folio->mapping`, loaded by event `seq`.
    Folio { folio: u8, generation: u8, seq: u32 },
}

impl Via {
    const THROUGH_FOLIO: u32 = 1 << 31;

    #[inline]
    pub const fn aux(self) -> u32 {
        match self {
            Via::Pinned { generation } => (generation as u32 & 0xf) << 4,
            Via::Folio { folio, generation, seq } => {
                Via::THROUGH_FOLIO | folio as u32 & 0xf | (generation as u32 & 0xf) << 4 | (seq & 0x7f_ffff) << 8
            }
        }
    }

    pub const fn from_aux(aux: u32) -> Via {
        let generation = (aux >> 4 & 0xf) as u8;
        if aux & Via::THROUGH_FOLIO == 0 {
            Via::Pinned { generation }
        } else {
            Via::Folio { folio: (aux & 0xf) as u8, generation, seq: aux >> 8 & 0x7f_ffff }
        }
    }
}

/// The value of `folio->mapping` for a file: tag bits 00, never 0.
pub const fn file_mapping(mapping: usize, generation: u8) -> u64 {
    (((generation as u64) << 8) | (mapping as u64 + 1)) << 2
}

/// The (mapping, generation) a value of `folio->mapping` names; `None` for NULL and for anonymous folios.
pub const fn as_file_mapping(word: u64) -> Option<(usize, u8)> {
    if word == 0 || word & 3 != 0 { None } else { Some(((word >> 2 & 0xff) as usize - 1, (word >> 10) as u8)) }
}

/// The value of `folio->mapping` for an anonymous folio: tag bits 01.
pub const fn anon_mapping(anon_vma: usize) -> u64 {
    (anon_vma as u64 + 1) << 2 | 1
}

/// The anon_vma a value of `folio->mapping` names; `None` for NULL and for files.
pub const fn as_anon_mapping(word: u64) -> Option<usize> {
    if word & 3 == 1 && word >> 2 != 0 { Some((word >> 2) as usize - 1) } else { None }
}
