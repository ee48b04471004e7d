//! Page-table entries: one word each.

/// A migration entry's kind (`SWP_MIGRATION_*`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MigrationKind {
    Read,
    ReadExclusive,
    Write,
}

/// The value of a page-table entry. None, present, a swap entry, a migration entry, or (up to v3.19) a file entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Pte(pub u64);

const PRESENT: u64 = 1 << 0;
const WRITE: u64 = 1 << 1;
const DIRTY: u64 = 1 << 2;
const YOUNG: u64 = 1 << 3;
const SWAP: u64 = 1 << 4;
const MIGRATION: u64 = 1 << 5;
const EXCLUSIVE: u64 = 1 << 6;
/// The shared zero page.
const ZERO: u64 = 1 << 7;
/// `pte_file()`: which page of its file belongs here, in a nonlinear VMA.
const FILE: u64 = 1 << 8;
/// The frame number of a present or migration entry, the slot of a swap entry, the page offset of a file entry.
const SHIFT: u64 = 9;

impl Pte {
    pub const NONE: Pte = Pte(0);

    /// A clean, old, read-only entry for a page frame.
    pub const fn present(pfn: usize) -> Pte {
        Pte(PRESENT | (pfn as u64) << SHIFT)
    }

    /// The shared zero page, read-only.
    pub const fn zero_page() -> Pte {
        Pte(PRESENT | ZERO)
    }

    /// `swp_entry_to_pte`; `exclusive` is the marker of an exclusive anonymous page.
    pub const fn swap(slot: usize, exclusive: bool) -> Pte {
        Pte(SWAP | (slot as u64) << SHIFT | if exclusive { EXCLUSIVE } else { 0 })
    }

    /// A migration entry naming `pfn`; young and dirty remember the bits of the entry it replaces.
    pub const fn migration(pfn: usize, kind: MigrationKind, young: bool, dirty: bool) -> Pte {
        let kind = match kind {
            MigrationKind::Read => 0,
            MigrationKind::ReadExclusive => EXCLUSIVE,
            MigrationKind::Write => WRITE | EXCLUSIVE,
        };
        let bits = kind | if young { YOUNG } else { 0 } | if dirty { DIRTY } else { 0 };
        Pte(MIGRATION | bits | (pfn as u64) << SHIFT)
    }

    /// `pgoff_to_pte`: a file entry.
    pub const fn file(pgoff: usize) -> Pte {
        Pte(FILE | (pgoff as u64) << SHIFT)
    }

    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    pub const fn is_present(self) -> bool {
        self.0 & PRESENT != 0
    }

    /// The frame of a present entry that maps a normal page.
    pub const fn page(self) -> Option<usize> {
        if self.0 & (PRESENT | ZERO) == PRESENT { Some((self.0 >> SHIFT) as usize) } else { None }
    }

    pub const fn is_zero_page(self) -> bool {
        self.0 & (PRESENT | ZERO) == PRESENT | ZERO
    }

    /// The slot of a swap entry.
    pub const fn swap_slot(self) -> Option<usize> {
        if self.0 & SWAP != 0 { Some((self.0 >> SHIFT) as usize) } else { None }
    }

    /// The frame a migration entry names.
    pub const fn migration_pfn(self) -> Option<usize> {
        if self.0 & MIGRATION != 0 { Some((self.0 >> SHIFT) as usize) } else { None }
    }

    /// `pte_to_pgoff`: the page offset of a file entry.
    pub const fn file_pgoff(self) -> Option<usize> {
        if self.0 & FILE != 0 { Some((self.0 >> SHIFT) as usize) } else { None }
    }

    pub const fn migration_kind(self) -> MigrationKind {
        match (self.0 & WRITE != 0, self.0 & EXCLUSIVE != 0) {
            (true, _) => MigrationKind::Write,
            (_, true) => MigrationKind::ReadExclusive,
            _ => MigrationKind::Read,
        }
    }

    /// The exclusive marker of a swap entry.
    pub const fn swap_exclusive(self) -> bool {
        self.0 & EXCLUSIVE != 0
    }

    #[must_use]
    pub const fn clear_swap_exclusive(self) -> Pte {
        Pte(self.0 & !EXCLUSIVE)
    }

    pub const fn is_writable(self) -> bool {
        self.0 & WRITE != 0
    }

    pub const fn is_dirty(self) -> bool {
        self.0 & DIRTY != 0
    }

    pub const fn is_young(self) -> bool {
        self.0 & YOUNG != 0
    }

    #[must_use]
    pub const fn mkwrite(self) -> Pte {
        Pte(self.0 | WRITE)
    }

    #[must_use]
    pub const fn wrprotect(self) -> Pte {
        Pte(self.0 & !WRITE)
    }

    #[must_use]
    pub const fn mkdirty(self) -> Pte {
        Pte(self.0 | DIRTY)
    }

    #[must_use]
    pub const fn mkclean(self) -> Pte {
        Pte(self.0 & !DIRTY)
    }

    #[must_use]
    pub const fn mkyoung(self) -> Pte {
        Pte(self.0 | YOUNG)
    }

    #[must_use]
    pub const fn mkold(self) -> Pte {
        Pte(self.0 & !YOUNG)
    }
}

impl std::fmt::Display for Pte {
    /// `none`, `F3 rwd`, `zero`, `swap 1 excl`, `migration F2 write`: as reports name it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(pfn) = self.page() {
            let bit = |on: bool, c: &'static str| if on { c } else { "" };
            let (w, d, y) = (self.is_writable(), self.is_dirty(), self.is_young());
            return write!(f, "F{pfn} r{}{}{}", bit(w, "w"), bit(d, "d"), bit(y, "a"));
        }
        if let Some(slot) = self.swap_slot() {
            return write!(f, "swap {slot}{}", if self.swap_exclusive() { " excl" } else { "" });
        }
        if let Some(pgoff) = self.file_pgoff() {
            return write!(f, "file page {pgoff}");
        }
        if let Some(pfn) = self.migration_pfn() {
            let kind = match self.migration_kind() {
                MigrationKind::Read => "read",
                MigrationKind::ReadExclusive => "read-excl",
                MigrationKind::Write => "write",
            };
            return write!(f, "migration F{pfn} {kind}");
        }
        f.write_str(if self.is_zero_page() { "zero page" } else { "none" })
    }
}
