//! Kernel versions and the model configuration a run is made under.

/// A kernel version whose function forms the model has.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
#[repr(u8)]
pub enum Kernel {
    V4_14,
    V4_15,
    V6_5,
    V6_8,
    V6_12,
}

impl Kernel {
    pub const ALL: [Kernel; 5] = [Kernel::V4_14, Kernel::V4_15, Kernel::V6_5, Kernel::V6_8, Kernel::V6_12];
    /// The preset used when none is named: it has every known fix.
    pub const DEFAULT: Kernel = Kernel::V6_12;

    /// The spelling of the command line and of repro files.
    pub const fn name(self) -> &'static str {
        match self {
            Kernel::V4_14 => "v4.14",
            Kernel::V4_15 => "v4.15",
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
            Kernel::V4_14 => (4, 14),
            Kernel::V4_15 => (4, 15),
            Kernel::V6_5 => (6, 5),
            Kernel::V6_8 => (6, 8),
            Kernel::V6_12 => (6, 12),
        }
    }

    /// Folios (and LRU isolation by the flag, v5.11) instead of pages isolated under the lru_lock.
    pub fn has_folios(self) -> bool {
        self >= Kernel::V6_5
    }
}

/// Index of a row of the bug registry.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord)]
pub struct BugId(pub u8);

/// What the model of a run is: a kernel, the historic bugs that are in it, two properties of the inode's death, and
/// one of the per-CPU batches.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Model {
    pub kernel: Kernel,
    /// Bit set over [`BugId`].
    pub bugs: u128,
    /// Inodes are freed after an RCU grace period.
    pub rcu_free: bool,
    /// A region with interrupts (or preemption) off counts as an RCU reader: Linux since v4.20.
    pub irqoff_is_reader: bool,
    /// A folio that enters a batch other than lru_add leaves the LRU at once (PG_lru cleared, still linked), as in
    /// v6.12.0; otherwise PG_lru stays set until the batch is drained, as from v6.12.50.
    pub lru_batch_clear_first: bool,
}

impl Model {
    /// The kernel without any bug. The two switches default to what that kernel's page cache may rely on: before v4.20
    /// neither (a file system could free inodes at once, and only preemptible-RCU readers were sure to count).
    pub fn of(kernel: Kernel) -> Model {
        let rcu = kernel >= Kernel::V6_5;
        Model { kernel, bugs: 0, rcu_free: rcu, irqoff_is_reader: rcu, lru_batch_clear_first: false }
    }

    #[inline]
    pub fn has(&self, bug: BugId) -> bool {
        self.bugs & (1 << bug.0) != 0
    }
}
