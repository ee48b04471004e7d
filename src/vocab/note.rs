//! Events: one line of what the machine did, and the meanings ("notes") primitives attach to them.

use super::{Field, Obj, Site};

/// Memory order an access names, as MM-6.12 0.3 tags it. The model is sequentially consistent today; the order is
/// recorded so that another memory model can be put in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(u8)]
pub enum Order {
    /// A plain access to memory others may see.
    Plain,
    /// READ_ONCE / WRITE_ONCE, or a read-modify-write without a return value.
    Relaxed,
    Acquire,
    Release,
    /// A value-returning read-modify-write: fully ordered.
    Full,
}

/// What an event does to its object.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(u8)]
pub enum Kind {
    Load,
    Store,
    /// A read-modify-write that took effect.
    Rmw,
    /// A conditional read-modify-write that did not (`try_get` on 0, `trylock` on a held lock, `freeze` mismatch).
    RmwFail,
    /// A lock taken exclusively (spinlock, rwsem write, local lock).
    Lock,
    /// A lock taken shared.
    LockShared,
    Unlock,
    UnlockShared,
    /// A memory barrier; `order` says which.
    Barrier,
    /// No access: a fact for the checks. Never a scheduling point.
    Note,
}

macro_rules! notes {
    ($($(#[$doc:meta])* $note:ident,)+) => {
        /// What an event means above the memory access it is. `aux` is the argument.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
        #[repr(u8)]
        pub enum Note { $($(#[$doc])* $note,)+ }
        impl Note {
            pub const ALL: &'static [Note] = &[$(Note::$note,)+];
        }
    };
}

notes! {
    /// Just the access.
    Nothing,
    // References; aux = Owner::aux.
    /// `set_page_refcounted`: 1 stored over 0 for a new owner.
    RefSet,
    /// Unconditional get.
    RefGet,
    /// get-unless-zero; RmwFail if it was 0.
    RefTryGet,
    /// Put with a zero test (`folio_put_testzero`, `folio_put_refs`, `folio_ref_sub_and_test`).
    RefPut,
    /// Subtraction without a zero test.
    RefSub,
    /// `folio_ref_freeze`; aux = the expected count. RmwFail if it differed.
    RefFreeze,
    /// `folio_ref_unfreeze`: a store of the new count.
    RefUnfreeze,
    /// Pure note, while frozen: this owner's references end with the frozen count (they are not in the count that
    /// unfreezing stores, or the folio is freed frozen).
    RefDiscard,
    /// Pure note of the set-up: the folio starts with these references; aux = Owner::aux.
    RefInit,
    /// Pure note: a reference changes hands; aux = from (low half) and to (high half), owner | instance << 8 each.
    RefTransfer,
    // The folio lock; the object is the folio's flags.
    /// trylock: Rmw if won, RmwFail if not.
    FolioTrylock,
    FolioUnlock,
    /// A waker gave the lock to the task in aux.
    FolioHandoff,
    /// A task goes to sleep for the bit in aux & 0xff; aux >> 8 = 1 if the folio lock itself is wanted.
    FolioWait,
    // Other flag operations; aux = the bits.
    SetFlag,
    ClearFlag,
    TestFlag,
    /// test-and-set / test-and-clear with a result.
    TestAndSetFlag,
    TestAndClearFlag,
    /// One half (load, then store) of a non-atomic flag write; aux = the bits.
    NonAtomicFlag,
    // LRU and list links; the object is the folio's `lru` (a pure note), aux = a list number.
    /// Linked on LRU list aux (4 = accounted unevictable, not linked).
    LruAdd,
    /// Unlinked from the LRU list in aux.
    LruDel,
    /// Linked on a private list of this task (isolation, pages to free).
    PrivateAdd,
    PrivateDel,
    /// Entered this CPU's lru_add batch, or mlock's as a new folio: the batch is to file it.
    BatchAdd,
    /// The batch filed the folio; its reference is still the batch's.
    BatchFiled,
    /// Entered another batch of this CPU; aux = the batch's number. The folio may stay on its list meanwhile.
    BatchMark,
    /// That batch has dealt with the folio; aux = the batch's number.
    BatchDone,
    // Address spaces.
    /// A slot now names folio `new`, or none; the object is the slot.
    SlotStore,
    /// `folio->mapping` was written.
    MappingStore,
    /// `folio->mapping` was read for its value.
    MappingLoad,
    /// A NULL address_space was dereferenced.
    NullDeref,
    /// This task may use mapping aux: it holds the file, or is its evictor.
    InodePin,
    InodeUnpin,
    /// The memory of the inode is gone: a store to its `i_state` by whoever frees it.
    InodeFreed,
    /// `clear_inode` found nothing left; aux = mapping.
    InodeClear,
    /// An RCU callback was queued for mapping aux.
    CallRcu,
    /// swapoff has freed the swap map: a store to it; and the swap cache's trees, with the device: a pure note.
    SwapFreed,
    // Processes; the object is the PTE where there is one.
    /// A PTE was written under its lock: a store or read-modify-write of `pte`; aux = [`PteWrite`] code.
    PteWrite,
    /// `_mapcount` went up for a present PTE; aux = mm << 8 | vaddr.
    RmapAdd,
    /// `_mapcount` went down; aux = mm << 8 | vaddr.
    RmapRemove,
    /// A VMA came into being (pure note; aux = the VMA), its memory went back to the slab.
    VmaAlloc,
    VmaFree,
    /// An anon_vma was allocated (pure note; aux = the anon_vma), freed.
    AnonVmaAlloc,
    AnonVmaFree,
    /// `folio->mapping` of an anonymous folio was set or moved: a store.
    AnonMappingStore,
    // Contents; the object is a `content` or `disk` cell, its value a version.
    /// The process reads through its page table: aux = mm << 8 | vaddr.
    UserRead,
    /// The process writes through its page table: aux = mm << 8 | vaddr.
    UserWrite,
    /// `read()` of a file page: aux = m << 8 | index.
    FileRead,
    /// `write()` of a file page: aux = m << 8 | index.
    FileWrite,
    /// A pinner (direct I/O into memory) reads or writes the page; aux as given by who pinned: mm << 8 | vaddr.
    PinRead,
    PinWrite,
    /// The kernel copies or clears contents (COW, migration, zeroing): a store; aux = the source folio + 1, or 0.
    ContentCopy,
    /// The device has read the folio: a store to `disk`; aux = the folio.
    WriteOut,
    /// The device has filled the folio from `disk`: a store to `content`; aux = space << 8 | index.
    ReadIn,
    /// The contents of file page aux = m << 8 | index may be lost from here on: truncation, hole punch.
    FileDiscard,
    /// File page aux = m << 8 | index is a hole now: it shows zeros until it is written.
    HolePunched,
    /// The contents at aux = mm << 8 | vaddr may be lost from here on: unmap, MADV_DONTNEED, exit.
    AnonDiscard,
    /// The contents at aux = mm << 8 | vaddr may be lost until the next write: MADV_FREE.
    AnonLazyFree,
    /// The contents at aux & 0xffff are also those at aux >> 16 (mm << 8 | vaddr each): fork, mremap.
    AnonAlias,
    /// The folio's contents (pure note on its `content`) are from here on those at aux = mm << 8 | vaddr: UFFDIO_COPY.
    UserFill,
    // Migration; the object is the source's flags (a pure note), aux = the destination.
    MigrateCopy,
    MigrateSuccess,
    /// An attempt to move the folio failed for references beyond the expected ones (pure note on its refcount; aux =
    /// the expected count).
    MigrateAgain,
    /// Migration gives the folio up: no pass has moved it (pure note on its refcount).
    MigrateGiveUp,
    // Pins; the object is the folio's refcount (a pure note).
    /// A FOLL_PIN call has passed every re-check; aux = mm << 8 | vaddr.
    PinDone,
    /// The pin is about to be dropped.
    PinDrop,
    /// A FOLL_WRITE call finds the folio at aux = mm << 8 | vaddr; mmap_lock held.
    WriteGrab,
    /// `munlock` found PG_lru clear and cleared PG_mlocked without the lock (pure note on the folio's flags).
    MunlockMissed,
    /// VM_LOCKED was cleared from VMA aux, its folios not munlocked yet; the walk that does has ended.
    MunlockBegin,
    MunlockEnd,
    /// I/O was submitted for the folio (pure note on its flags): its lock, or PG_writeback, is the completion's.
    IoSubmit,
    /// `truncate_pagecache` returned; aux = m << 8 | first index beyond the new size.
    TruncateEnd,
    /// A killable wait ends by a signal.
    SignalReceived,
    // Page allocator; the object is the folio's refcount (a pure note).
    FolioAlloc,
    /// `free_pages_prepare` begins; the flags, mapping and counts of this instant are checked.
    FolioFree,
    // Context.
    RcuReadLock,
    RcuReadUnlock,
    IrqOff,
    IrqOn,
    PreemptOff,
    PreemptOn,
    /// The caller may sleep here.
    MightSleep,
    /// The lock was only tried: taking it cannot wait.
    TryLock,
    /// The task blocks on the object.
    Blocked,
    /// The task in aux was made runnable.
    Woken,
    // Kernel assertions and operations.
    /// Set-up is complete: memory holds the initial state, and the operations begin.
    SetupDone,
    /// A VM_BUG_ON/BUG_ON of the kernel failed; aux = VmBug.
    VmBug,
    /// The kernel asserts here that the folio is locked, and it is: by anyone (pure note on its flags).
    LockAsserted,
    OpBegin,
    OpEnd,
    /// What an operation reports of itself; aux = Outcome | folio << 8.
    Outcome,
    // End of run, by the machine and the engine.
    /// Every live task is blocked. Pure note from the machine.
    Deadlock,
    /// Every live task spins and none can make the others move.
    NoProgress,
    /// All operations ended and the epilogue ran.
    Quiescent,
}

/// `aux` of a load that only counts the swap slots in use, which the kernel does outside the swap map.
pub const SWAP_USAGE: u32 = 1;

/// Assertions of the kernel itself that the model evaluates (MM-6.12 17.8).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(u8)]
pub enum VmBug {
    /// The folio must be locked here.
    NotLocked,
    /// PG_lru must be clear here.
    LruSet,
    /// PG_lru must be set here.
    LruClear,
    /// The refcount must not be 0 here.
    RefZero,
    /// The folio must not be mapped here.
    Mapped,
    /// PG_active and PG_unevictable together.
    ActiveUnevictable,
    /// The folio does not contain the index.
    WrongIndex,
    /// nrpages is not 0 in clear_inode.
    NrPages,
    /// i_state is not what evict needs.
    InodeState,
    /// mapping differs from folio_mapping.
    WrongMapping,
    /// PG_swapbacked in a file cache.
    SwapBacked,
    /// A migration entry's folio is not locked.
    MigrationEntry,
    /// PG_writeback must be clear here.
    Writeback,
    /// PG_writeback must be set here.
    NoWriteback,
    /// PG_anon_exclusive must be set here.
    NotExclusive,
    /// PG_anon_exclusive must be clear here.
    Exclusive,
    /// An anonymous folio where a file's is needed, or the reverse.
    Anon,
    /// PG_swapcache is not what it must be here.
    SwapCache,
    /// The page-table entry does not fit the VMA (anon_vma root, index).
    AnonRmap,
    /// Private data must be gone here.
    Private,
    /// PG_uptodate is not what it must be here.
    Uptodate,
    /// PG_active must be clear here.
    Active,
    /// A swap slot's count or flag is not what it must be here.
    SwapMap,
    /// fork copies without `write_protect_seq` being odd.
    WriteProtectSeq,
    /// A dirty folio leaves a cache that could have written it.
    DirtyLost,
    /// PG_private must be set here.
    NoPrivate,
}

impl VmBug {
    pub const ALL: [VmBug; 26] = [
        VmBug::NotLocked,
        VmBug::LruSet,
        VmBug::LruClear,
        VmBug::RefZero,
        VmBug::Mapped,
        VmBug::ActiveUnevictable,
        VmBug::WrongIndex,
        VmBug::NrPages,
        VmBug::InodeState,
        VmBug::WrongMapping,
        VmBug::SwapBacked,
        VmBug::MigrationEntry,
        VmBug::Writeback,
        VmBug::NoWriteback,
        VmBug::NotExclusive,
        VmBug::Exclusive,
        VmBug::Anon,
        VmBug::SwapCache,
        VmBug::AnonRmap,
        VmBug::Private,
        VmBug::Uptodate,
        VmBug::Active,
        VmBug::SwapMap,
        VmBug::WriteProtectSeq,
        VmBug::DirtyLost,
        VmBug::NoPrivate,
    ];

    /// The kind name in signatures.
    pub const fn name(self) -> &'static str {
        match self {
            VmBug::NotLocked => "not-locked",
            VmBug::LruSet => "lru-set",
            VmBug::LruClear => "lru-clear",
            VmBug::RefZero => "ref-zero",
            VmBug::Mapped => "mapped",
            VmBug::ActiveUnevictable => "active-unevictable",
            VmBug::WrongIndex => "wrong-index",
            VmBug::NrPages => "nrpages",
            VmBug::InodeState => "inode-state",
            VmBug::WrongMapping => "wrong-mapping",
            VmBug::SwapBacked => "swapbacked",
            VmBug::MigrationEntry => "migration-entry",
            VmBug::Writeback => "writeback",
            VmBug::NoWriteback => "no-writeback",
            VmBug::NotExclusive => "not-exclusive",
            VmBug::Exclusive => "exclusive",
            VmBug::Anon => "anon",
            VmBug::SwapCache => "swapcache",
            VmBug::AnonRmap => "anon-rmap",
            VmBug::Private => "private",
            VmBug::Uptodate => "uptodate",
            VmBug::Active => "active",
            VmBug::SwapMap => "swap-map",
            VmBug::WriteProtectSeq => "write-protect-seq",
            VmBug::DirtyLost => "dirty-lost",
            VmBug::NoPrivate => "no-private",
        }
    }
}

/// Why a PTE was written: the `aux` word of [`Note::PteWrite`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(u8)]
pub enum PteWrite {
    /// First use of the entry by a fault, fault-around, swap-in, COW.
    Fault,
    /// Fork copies it, or write-protects the parent's.
    Fork,
    /// mremap moves it.
    Move,
    /// mprotect, mkclean, young-clearing, reuse: the same page with other bits.
    Change,
    /// Zap, unmap for reclaim or migration: gone, or a swap or migration entry instead.
    Unmap,
    /// A failed unmap, or the end of migration, puts a mapping back.
    Restore,
    /// The processor sets accessed and dirty bits.
    Hardware,
}

/// What an operation reports of itself, for the functional expectations.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(u8)]
pub enum Outcome {
    /// Compaction (async) took the folio in `aux >> 8`.
    Isolated,
    /// Compaction (async) left it.
    NotIsolated,
}

/// One step of the simulated machine. `old` and `new` are the cell's value before and after (equal for loads, failed
/// read-modify-writes and notes).
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// Number of the event in its execution.
    pub seq: u32,
    pub task: u8,
    /// The simulated CPU the task acts on.
    pub cpu: u8,
    /// Operation of the task, from 0; `OPS_PER_CPU` and above: epilogue or service work.
    pub op: u8,
    pub kind: Kind,
    pub order: Order,
    pub note: Note,
    /// [`Topics::of`] the event: what it is delivered under.
    pub topic: u16,
    pub obj: Obj,
    pub aux: u32,
    pub site: Site,
    pub old: u64,
    pub new: u64,
}

/// The access a stopped task will make when it runs again.
#[derive(Clone, Copy, Debug)]
pub struct Pending {
    pub obj: Obj,
    pub kind: Kind,
    pub order: Order,
    /// [`Site::hash`].
    pub site: u32,
}

/// A set of event topics: loads of a field, other accesses to it, or a note code. Checks subscribe with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Topics([u64; 6]);

/// Topics of one bank: loads, writes, notes.
const BANK: u16 = 128;
const WRITES: u16 = BANK;
const NOTES: u16 = 2 * BANK;

/// Accesses to a folio's flags that take its lock, and that drop it: the most frequent writes there are.
const FOLIO_LOCKS: u16 = NOTES - 2;
const FOLIO_UNLOCKS: u16 = NOTES - 1;

const _: () = assert!(Field::ALL.len() <= BANK as usize - 2 && Note::ALL.len() <= BANK as usize);

impl Topics {
    /// Number of topics: three banks.
    pub const COUNT: usize = 3 * BANK as usize;
    pub const ALL: Topics = Topics([u64::MAX; 6]);

    pub const fn none() -> Topics {
        Topics([0; 6])
    }

    const fn with(self, topic: u16) -> Topics {
        let mut t = self;
        t.0[topic as usize / 64] |= 1 << (topic % 64);
        t
    }

    /// Every access to `field`.
    #[must_use]
    pub const fn field(self, field: Field) -> Topics {
        self.writes(field).with(field as u16)
    }

    /// Accesses to `field` that are no loads: stores, read-modify-writes (failed ones, too), locks and unlocks.
    #[must_use]
    pub const fn writes(self, field: Field) -> Topics {
        match field {
            Field::Flags => self.flag_changes().with(FOLIO_LOCKS).folio_unlocks(),
            _ => self.with(WRITES + field as u16),
        }
    }

    /// Writes of a folio's flags other than taking and dropping its lock.
    #[must_use]
    pub const fn flag_changes(self) -> Topics {
        self.with(WRITES + Field::Flags as u16)
    }

    /// Drops of a folio lock.
    #[must_use]
    pub const fn folio_unlocks(self) -> Topics {
        self.with(FOLIO_UNLOCKS)
    }

    /// Pure notes with code `note` (kind [`Kind::Note`]).
    #[must_use]
    pub const fn note(self, note: Note) -> Topics {
        self.with(NOTES + note as u16)
    }

    /// Those of both.
    #[must_use]
    pub const fn and(self, other: Topics) -> Topics {
        let mut t = self;
        let mut i = 0;
        while i < t.0.len() {
            t.0[i] |= other.0[i];
            i += 1;
        }
        t
    }

    pub const fn is_empty(self) -> bool {
        let mut i = 0;
        while i < self.0.len() && self.0[i] == 0 {
            i += 1;
        }
        i == self.0.len()
    }

    #[inline]
    pub const fn has(self, topic: u16) -> bool {
        self.0[(topic >> 6) as usize] >> (topic & 63) & 1 != 0
    }

    /// The topic an event of this kind is delivered under.
    #[inline]
    pub fn of(kind: Kind, field: Field, note: Note) -> u16 {
        match kind {
            Kind::Load => field as u16,
            Kind::Note => NOTES + note as u16,
            _ if matches!(note, Note::FolioTrylock | Note::FolioHandoff) => FOLIO_LOCKS,
            _ if matches!(note, Note::FolioUnlock) => FOLIO_UNLOCKS,
            _ => WRITES + field as u16,
        }
    }
}

impl Event {
    /// Whether the cell may have changed.
    #[inline]
    pub fn wrote(&self) -> bool {
        matches!(self.kind, Kind::Store | Kind::Rmw)
    }
}
