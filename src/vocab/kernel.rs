//! Kernel versions and the model configuration a run is made under.

/// A kernel version whose function forms the model has.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
#[repr(u8)]
pub enum Kernel {
    V3_13,
    V4_14,
    V4_15,
    V5_0,
    V6_5,
    V6_8,
    V6_12,
}

impl Kernel {
    pub const ALL: [Kernel; 7] =
        [Kernel::V3_13, Kernel::V4_14, Kernel::V4_15, Kernel::V5_0, Kernel::V6_5, Kernel::V6_8, Kernel::V6_12];
    /// The preset used when none is named: it has every known fix.
    pub const DEFAULT: Kernel = Kernel::V6_12;

    /// The spelling of the command line and of repro files.
    pub const fn name(self) -> &'static str {
        match self {
            Kernel::V3_13 => "v3.13",
            Kernel::V4_14 => "v4.14",
            Kernel::V4_15 => "v4.15",
            Kernel::V5_0 => "v5.0",
            Kernel::V6_5 => "v6.5",
            Kernel::V6_8 => "v6.8",
            Kernel::V6_12 => "v6.12",
        }
    }

    pub fn parse(s: &str) -> Option<Kernel> {
        Kernel::ALL.into_iter().find(|k| k.name() == s)
    }

    /// (major, minor), comparable with the versions of the bug registry.
    pub const fn version(self) -> (u8, u8) {
        match self {
            Kernel::V3_13 => (3, 13),
            Kernel::V4_14 => (4, 14),
            Kernel::V4_15 => (4, 15),
            Kernel::V5_0 => (5, 0),
            Kernel::V6_5 => (6, 5),
            Kernel::V6_8 => (6, 8),
            Kernel::V6_12 => (6, 12),
        }
    }

    /// Folios (and LRU isolation by the flag, v5.11) instead of pages isolated under the lru_lock.
    pub fn has_folios(self) -> bool {
        self >= Kernel::V6_5
    }

    /// Whether the model of the kernel has processes: those of v4.14 and v4.15 are the page cache's alone.
    pub fn has_processes(self) -> bool {
        !matches!(self, Kernel::V4_14 | Kernel::V4_15)
    }

    /// Nonlinear VMAs (until v3.19), and initial states with pages in VM_LOCKED VMAs and PG_mlocked.
    pub fn has_nonlinear(self) -> bool {
        self == Kernel::V3_13
    }

    /// PG_mlocked by the page lock, NR_MLOCK and a reverse-map walk, without `mlock_count`: up to v5.17.
    pub fn mlocks_pages(self) -> bool {
        !self.has_folios()
    }

    /// Whether the model has file systems that write back, private data, and a swap device.
    pub fn has_writeback(self) -> bool {
        self >= Kernel::V5_0
    }
}

/// Index of a row of the bug registry.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord)]
pub struct BugId(pub u8);

/// A set of rows of the bug registry.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default)]
pub struct BugSet([u64; 4]);

impl BugSet {
    /// Rows a set can hold.
    pub const CAPACITY: usize = 256;
    pub const EMPTY: BugSet = BugSet([0; 4]);

    /// The set of one bug.
    pub const fn of(bug: BugId) -> BugSet {
        let mut words = [0; 4];
        words[bug.0 as usize / 64] = 1 << (bug.0 % 64);
        BugSet(words)
    }

    #[inline]
    pub const fn has(self, bug: BugId) -> bool {
        self.0[bug.0 as usize / 64] >> (bug.0 % 64) & 1 != 0
    }

    pub fn is_empty(self) -> bool {
        self == BugSet::EMPTY
    }

    /// The bugs in it, in registry order.
    pub fn iter(self) -> impl Iterator<Item = BugId> {
        (0..=u8::MAX).map(BugId).filter(move |b| self.has(*b))
    }

    /// Any set, out of random words.
    pub const fn from_words(words: [u64; 4]) -> BugSet {
        BugSet(words)
    }
}

impl FromIterator<BugId> for BugSet {
    fn from_iter<I: IntoIterator<Item = BugId>>(bugs: I) -> BugSet {
        bugs.into_iter().fold(BugSet::EMPTY, |set, b| set | BugSet::of(b))
    }
}

impl std::ops::BitOr for BugSet {
    type Output = BugSet;
    fn bitor(self, other: BugSet) -> BugSet {
        BugSet(std::array::from_fn(|i| self.0[i] | other.0[i]))
    }
}

impl std::ops::BitAnd for BugSet {
    type Output = BugSet;
    fn bitand(self, other: BugSet) -> BugSet {
        BugSet(std::array::from_fn(|i| self.0[i] & other.0[i]))
    }
}

impl std::ops::Sub for BugSet {
    type Output = BugSet;
    fn sub(self, other: BugSet) -> BugSet {
        BugSet(std::array::from_fn(|i| self.0[i] & !other.0[i]))
    }
}

/// What the model of a run is: a kernel, the historic bugs that are in it, two properties of the inode's death, and
/// one of the per-CPU batches.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Model {
    pub kernel: Kernel,
    pub bugs: BugSet,
    /// Inodes are freed after an RCU grace period.
    pub rcu_free: bool,
    /// A region with interrupts (or preemption) off counts as an RCU reader: Linux since v4.20.
    pub irqoff_is_reader: bool,
    /// A folio that enters a batch other than lru_add leaves the LRU at once (PG_lru cleared, still linked), as in
    /// v6.12.0; otherwise PG_lru stays set until the batch is drained, as from v6.12.50.
    pub lru_batch_clear_first: bool,
}

impl Model {
    /// The kernel without any bug. The two switches default to what that kernel's page cache may rely on. Before v4.20
    /// only preemptible-RCU readers were sure to count; that a file system could free inodes at once is thread A's
    /// question, asked of v4.14 and v4.15.
    pub fn of(kernel: Kernel) -> Model {
        let (rcu_free, irqoff_is_reader) = (kernel.has_processes(), kernel >= Kernel::V5_0);
        Model { kernel, bugs: BugSet::EMPTY, rcu_free, irqoff_is_reader, lru_batch_clear_first: false }
    }

    #[inline]
    pub fn has(&self, bug: BugId) -> bool {
        self.bugs.has(bug)
    }
}
