//! How the checks read the words of the machine's memory.

use super::View;
use crate::machine::Machine;
use crate::vocab::*;

/// Tag of an xarray value entry: alone a shadow, else a swap entry of tmpfs.
const VALUE_ENTRY: u64 = 1 << 63;

/// The folio a slot word names; `None` for an empty slot and for a value entry.
#[inline]
pub(super) fn slot_folio(word: u64) -> Option<usize> {
    let named = word & VALUE_ENTRY == 0 && (1..=FOLIOS as u64).contains(&word);
    named.then(|| word as usize - 1)
}

/// Whether a slot word is a value entry.
#[inline]
pub(super) fn slot_is_value(word: u64) -> bool {
    word & VALUE_ENTRY != 0
}

/// Whether a slot word is a shadow.
#[inline]
pub(super) fn slot_is_shadow(word: u64) -> bool {
    word == VALUE_ENTRY
}

/// The swap slot a slot word of a tmpfs file names.
#[inline]
pub(super) fn slot_swap(word: u64) -> Option<usize> {
    let named = slot_is_value(word) && (1..=SLOTS as u64).contains(&(word & !VALUE_ENTRY));
    named.then(|| (word & !VALUE_ENTRY) as usize - 1)
}

/// The folio in a slot; `None` also for an index outside the tree.
#[inline]
pub(super) fn in_slot(m: &Machine, space: usize, index: usize) -> Option<usize> {
    if space >= SPACES || index >= SLOTS {
        return None;
    }
    slot_folio(m.peek(Obj::slot(space, index)))
}

/// Every slot: address space, index, word.
pub(super) fn slots(m: &Machine) -> impl Iterator<Item = (usize, usize, u64)> {
    (0..SPACES).flat_map(move |s| (0..SLOTS).map(move |i| (s, i, m.peek(Obj::slot(s, i)))))
}

/// One word of a folio.
#[inline]
pub(super) fn word(m: &Machine, f: usize, field: Field) -> u64 {
    m.peek(Obj::folio(f, field))
}

#[inline]
pub(super) fn flags(m: &Machine, f: usize) -> Flags<'_> {
    Flags(m, f)
}

/// A folio's flags: those asked for with `&`.
#[derive(Clone, Copy)]
pub(super) struct Flags<'a>(&'a Machine, usize);

impl std::ops::BitAnd<u64> for Flags<'_> {
    type Output = u64;

    #[inline]
    fn bitand(self, bits: u64) -> u64 {
        self.0.peek_flags(self.1, bits)
    }
}

/// PG_swapcache means the swap cache only with PG_swapbacked.
#[inline]
pub(super) fn is_swapcache(flags: impl std::ops::BitAnd<u64, Output = u64>) -> bool {
    let both = PG_SWAPCACHE | PG_SWAPBACKED;
    flags & both == both
}

/// The file a folio belongs to.
#[inline]
pub(super) fn file_of(m: &Machine, f: usize) -> Option<usize> {
    as_file_mapping(word(m, f, Field::FolioMapping)).map(|(file, _)| file).filter(|file| *file < MAPPINGS)
}

#[inline]
pub(super) fn is_anon(m: &Machine, f: usize) -> bool {
    as_anon_mapping(word(m, f, Field::FolioMapping)).is_some()
}

#[inline]
pub(super) fn pte(m: &Machine, mm: usize, addr: usize) -> Pte {
    Pte(m.peek(Obj::pte(mm, addr)))
}

/// The frame a present entry maps; `None` also for what is no frame number.
#[inline]
pub(super) fn page(pte: Pte) -> Option<usize> {
    pte.page().filter(|f| *f < FOLIOS)
}

/// Every page-table entry: process, virtual page, value.
pub(super) fn ptes(m: &Machine) -> impl Iterator<Item = (usize, usize, Pte)> {
    (0..MMS).flat_map(move |mm| (0..VADDRS).map(move |a| (mm, a, pte(m, mm, a))))
}

/// Present entries that map the folio.
pub(super) fn present(m: &Machine, f: usize) -> usize {
    ptes(m).filter(|(_, _, pte)| page(*pte) == Some(f)).count()
}

/// Whether a migration entry names the folio.
pub(super) fn has_migration_entry(m: &Machine, f: usize) -> bool {
    ptes(m).any(|(_, _, pte)| pte.migration_pfn() == Some(f))
}

/// Whether nobody holds a page-table lock.
#[inline]
pub(super) fn page_tables_free(m: &Machine) -> bool {
    (0..MMS).all(|mm| m.peek(Obj::at(Field::Ptl, mm, 0)) == 0)
}

/// Whether the event's task holds the lock of a page table that maps the folio.
pub(super) fn maps_under_ptl(v: &View, e: &Event, f: usize) -> bool {
    let t = v.cx.task(e);
    let held = |mm: usize| t.holds(Obj::at(Field::Ptl, mm, 0));
    let maps = |mm: usize| (0..VADDRS).filter(|a| page(pte(v.m, mm, *a)) == Some(f)).count() as u64;
    let elsewhere: u64 = (0..MMS).filter(|mm| !held(*mm)).map(maps).sum();
    // Or it does so no more, but is still counted.
    let maps_here = (0..MMS).any(|mm| held(mm) && maps(mm) != 0);
    maps_here || (0..MMS).any(held) && v.m.peek(Obj::folio(f, Field::Mapcount)) > elsewhere
}

/// Where a VMA is and what it maps.
#[derive(Clone, Copy)]
pub(super) struct VmArea {
    pub vma: usize,
    start: usize,
    end: usize,
    pgoff: usize,
    pub file: Option<usize>,
}

impl VmArea {
    fn read(m: &Machine, vma: usize) -> VmArea {
        let word = m.peek(Obj::at(Field::VmPlace, vma, 0));
        let byte = |shift: u32| (word >> shift & 0xff) as usize;
        let file = byte(24).checked_sub(1).filter(|file| *file < MAPPINGS);
        VmArea { vma, start: byte(0), end: byte(8), pgoff: byte(16), file }
    }

    /// The VMA of process `mm` that contains virtual page `addr`.
    pub fn at(m: &Machine, mm: usize, addr: usize) -> Option<VmArea> {
        let vmas = Seq(m.peek(Obj::at(Field::MmVmas, mm, 0)));
        let mut areas = vmas.iter().filter(|v| *v < VMAS).map(|v| VmArea::read(m, v));
        areas.find(|a| (a.start..a.end).contains(&addr))
    }

    /// `linear_page_index`.
    pub fn index(&self, addr: usize) -> usize {
        (addr + self.pgoff).wrapping_sub(self.start)
    }

    pub fn flags(&self, m: &Machine) -> u64 {
        m.peek(Obj::at(Field::VmFlags, self.vma, 0))
    }

    /// Root of the VMA's anon_vma.
    pub fn root(&self, m: &Machine) -> Option<usize> {
        let av = (m.peek(Obj::at(Field::VmAnonVma, self.vma, 0)) as usize).checked_sub(1)?;
        root(m, av)
    }
}

/// The root of an anon_vma. Bits above the number are its allocator's.
pub(super) fn root(m: &Machine, av: usize) -> Option<usize> {
    (av < ANON_VMAS).then(|| (m.peek(Obj::at(Field::AvRoot, av, 0)) & 0xff) as usize)
}

/// Whether the VMA at a virtual page is mlocked.
pub(super) fn vm_locked(m: &Machine, mm: usize, addr: usize) -> bool {
    VmArea::at(m, mm, addr).is_some_and(|a| a.flags(m) & VM_LOCKED != 0)
}

/// Mappings of the folio in VMAs that are mlocked.
pub(super) fn locked_mappings(m: &Machine, f: usize) -> u64 {
    ptes(m).filter(|(mm, addr, pte)| page(*pte) == Some(f) && vm_locked(m, *mm, *addr)).count() as u64
}
