//! What an initial state is made of.

use crate::vocab::*;

/// A file at the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct MappingInit {
    /// `AS_*` bits of `address_space->flags`.
    pub flags: u64,
    /// `AOPS_*` bits: the callbacks of `a_ops`.
    pub aops: u64,
    /// `i_size` in pages, from 1.
    pub size: u8,
}

impl Default for MappingInit {
    fn default() -> MappingInit {
        MappingInit { flags: 0, aops: 0, size: SLOTS as u8 }
    }
}

impl MappingInit {
    /// Whether the file is one of tmpfs: its pages are swap-backed.
    pub const fn is_shmem(&self) -> bool {
        self.aops & AOPS_SHMEM != 0
    }

    /// Whether a device is behind the file; the pages of one without (ramfs) start as zeros.
    pub const fn has_device(&self) -> bool {
        self.aops & AOPS_WRITEBACK != 0
    }

    /// `vma_wants_writenotify()`: a clean page of the file is mapped read-only, so that the first write faults.
    pub const fn write_notify(&self) -> bool {
        self.aops & (AOPS_WRITEBACK | AOPS_PAGE_MKWRITE) != 0
    }
}

/// Where a folio is at the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum FolioPlace {
    /// In the page cache of a mapping, at an index. One reference, the cache's, and one of each mapping.
    Cache { mapping: u8, index: u8 },
    /// Anonymous, exclusive, mapped by one page-table entry, whose reference it is.
    Anon { mm: u8, addr: u8 },
}

/// A folio at the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct FolioInit {
    pub place: FolioPlace,
    /// `PG_*` bits; PG_lru means filed on the list the other bits choose.
    pub flags: u64,
    /// Processes that map a file's folio, as a bit set. VMAs map file page n at virtual page n.
    pub maps: u8,
}

impl FolioInit {
    /// A folio that no process maps but what its place says.
    pub const fn new(place: FolioPlace, flags: u64) -> FolioInit {
        FolioInit { place, flags, maps: 0 }
    }

    /// The page-table entries that map it: (process, virtual page).
    pub fn users(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (maps, addr) = match self.place {
            FolioPlace::Cache { index, .. } => (self.maps, index),
            FolioPlace::Anon { mm, addr } => (1u8.checked_shl(mm as u32).unwrap_or(0), addr),
        };
        (0..MMS).filter(move |mm| maps >> mm & 1 != 0).map(move |mm| (mm, addr as usize))
    }
}

/// What a VMA maps.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum VmaKind {
    Anon,
    /// MAP_SHARED of a file.
    Shared(u8),
    /// MAP_PRIVATE of a file.
    Private(u8),
    /// MAP_SHARED of a file, rearranged by `remap_file_pages()` (v3.13).
    Nonlinear(u8),
}

impl VmaKind {
    pub const fn file(self) -> Option<u8> {
        match self {
            VmaKind::Anon => None,
            VmaKind::Shared(m) | VmaKind::Private(m) | VmaKind::Nonlinear(m) => Some(m),
        }
    }

    /// Whether anonymous pages can be in it.
    pub const fn private(self) -> bool {
        !matches!(self, VmaKind::Shared(_) | VmaKind::Nonlinear(_))
    }
}

/// A VMA at the start. Its number says whose it is: the first [`VMAS_PER_MM`] are process 0's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct VmaInit {
    /// First virtual page, which is also the file's page mapped there, and the one after the last.
    pub start: u8,
    pub end: u8,
    pub kind: VmaKind,
    /// PROT_READ only.
    pub read_only: bool,
    /// VM_LOCKED (as by mlock2(MLOCK_ONFAULT)): nothing is mapped in it yet, except on v3.13.
    pub locked: bool,
}

impl VmaInit {
    pub const fn contains(&self, addr: usize) -> bool {
        (self.start as usize) <= addr && addr < self.end as usize
    }

    /// Whether pages can be mapped in it at the start.
    pub fn takes_pages(&self, kernel: Kernel) -> bool {
        !self.locked || kernel.has_nonlinear()
    }

    /// `vma->vm_flags`.
    pub const fn vm_flags(&self) -> u64 {
        let write = if self.read_only { 0 } else { VM_WRITE };
        let shared = if self.kind.private() { 0 } else { VM_SHARED };
        let locked = if self.locked { VM_LOCKED } else { 0 };
        let nonlinear = if matches!(self.kind, VmaKind::Nonlinear(_)) { VM_NONLINEAR } else { 0 };
        VM_READ | write | shared | locked | nonlinear
    }
}

/// A page that was swapped out: where the swap entry is, the only one of its slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum SwapInit {
    /// In a page table.
    Page { mm: u8, addr: u8 },
    /// In a file of tmpfs.
    File { mapping: u8, index: u8 },
}

/// The initial state. Frames without a folio are free.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default)]
pub struct Init {
    pub mappings: [Option<MappingInit>; MAPPINGS],
    /// Processes that are alive without any VMA, as a bit set; process 0 always is and is not in it.
    pub idle: u8,
    pub vmas: [Option<VmaInit>; VMAS],
    pub folios: [Option<FolioInit>; FOLIOS],
    /// By slot of the swap device.
    pub swaps: [Option<SwapInit>; SLOTS],
}

impl Init {
    pub fn mapping(&self, i: u8) -> Option<MappingInit> {
        self.mappings.get(i as usize).copied().flatten()
    }

    /// The VMAs of a process with their numbers.
    pub fn vmas_of(&self, mm: usize) -> impl Iterator<Item = (usize, VmaInit)> {
        let of = self.vmas.iter().enumerate().skip(mm * VMAS_PER_MM).take(VMAS_PER_MM);
        of.filter_map(|(i, v)| v.map(|v| (i, v)))
    }

    /// The VMA at a virtual page.
    pub fn vma_at(&self, mm: usize, addr: usize) -> Option<(usize, VmaInit)> {
        self.vmas_of(mm).find(|(_, v)| v.contains(addr))
    }

    pub fn alive(&self, mm: usize) -> bool {
        mm == 0 || self.idle >> mm & 1 != 0 || self.vmas_of(mm).next().is_some()
    }

    /// The folio a page-table entry maps.
    pub fn folio_at(&self, mm: usize, addr: usize) -> Option<usize> {
        self.folios.iter().position(|f| f.is_some_and(|f| f.users().any(|u| u == (mm, addr))))
    }

    /// The slot a page-table entry names.
    pub fn slot_at(&self, mm: usize, addr: usize) -> Option<usize> {
        let here = |s: SwapInit| s == SwapInit::Page { mm: mm as u8, addr: addr as u8 };
        self.swaps.iter().position(|s| s.is_some_and(here))
    }

    /// The slot a file of tmpfs names.
    pub fn file_slot_at(&self, mapping: u8, index: u8) -> Option<usize> {
        self.swaps.iter().position(|s| *s == Some(SwapInit::File { mapping, index }))
    }

    /// Whether a folio in frame `pfn` can be in the swap cache: it is in the slot of its frame's number.
    pub fn slot_free(&self, pfn: usize) -> bool {
        self.swaps.get(pfn).is_some_and(Option::is_none)
    }

    /// Whether an anonymous page can be there: a private VMA, not locked (but see [`VmaInit::takes_pages`]), and
    /// nothing else at the place.
    pub fn takes_anon(&self, mm: usize, addr: usize, kernel: Kernel) -> bool {
        self.vma_at(mm, addr).is_some_and(|(_, v)| v.kind.private() && v.takes_pages(kernel))
            && self.folio_at(mm, addr).is_none()
            && self.slot_at(mm, addr).is_none()
    }

    /// Whether the process can map the file's page: a VMA of the file, not locked, and nothing else at the place.
    pub fn takes_file(&self, mm: usize, mapping: u8, index: usize, kernel: Kernel) -> bool {
        self.vma_at(mm, index).is_some_and(|(_, v)| v.kind.file() == Some(mapping) && v.takes_pages(kernel))
            && self.folio_at(mm, index).is_none()
            && self.slot_at(mm, index).is_none()
    }

    /// Whether a VM_LOCKED VMA maps the folio.
    pub fn mlocked(&self, folio: &FolioInit) -> bool {
        folio.users().any(|(mm, addr)| self.vma_at(mm, addr).is_some_and(|(_, v)| v.locked))
    }

    /// Whether a VMA has an anonymous page, in memory or swapped out.
    pub fn has_anon(&self, vma: usize) -> bool {
        let at = |(mm, addr): (usize, usize)| self.vma_at(mm, addr).is_some_and(|(i, _)| i == vma);
        let anon = |f: &FolioInit| matches!(f.place, FolioPlace::Anon { .. });
        self.folios.iter().flatten().filter(|f| anon(f)).any(|f| f.users().any(at))
            || self.swaps.iter().flatten().any(|s| match *s {
                SwapInit::Page { mm, addr } => at((mm as usize, addr as usize)),
                SwapInit::File { .. } => false,
            })
    }
}
