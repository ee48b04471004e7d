//! Page tables, mapcounts and the reverse mapping agree (MM-6.12 17.5). What holds while a page table is unlocked is
//! asked when its lock is dropped.

use super::state::*;
use super::{Check, CheckSpec, Finding, KindSpec, View};
use crate::vocab::*;

kinds! { "rmap":
    MAPCOUNT = "mapcount" actual "M1"
        "With the page tables unlocked, a folio's mapcount is not its number of mappings.";
    PTE_REFS = "pte-refs" actual "M2" "Page tables map a folio more often than they own references to it.";
    DETACHED = "mapped-detached" actual "M3, I-D1, I-D2, R-ORPHAN-PTE" "A folio without a mapping is mapped.";
    WRITABLE_SHARED = "writable-shared" actual "M4" "A writable entry maps an anonymous page that is not exclusive.";
    EXCLUSIVE_SHARED = "exclusive-shared" actual "M4" "An anonymous page is exclusive, but mapped more than once.";
    ENTRY_UNLOCKED = "entry-unlocked" actual "M6, I-B9" "A migration entry names a folio that is not locked.";
    SWAP_EXCLUSIVE = "swap-exclusive" actual "M8"
        "A swap entry names a swap-cache page that is marked exclusive.";
    PLACEMENT = "placement" actual "M9, R-ORPHAN-PTE, R-WRONG-INDEX"
        "A page is mapped where its VMA has another page, or none.";
    NOT_UPTODATE = "not-uptodate" actual "M10" "A page that is not up to date is mapped.";
    PTE_UNLOCKED = "pte-unlocked" predictive "MM-6.12 6.1" "A page-table entry is written without its lock.";
}

#[derive(Default)]
pub(super) struct Rmap {
    /// Folios the set-up mapped without a page table (kernels before processes are modelled), as a bit set.
    unmodelled: u32,
}

impl Rmap {
    fn write(v: &View, e: &Event) -> Option<Finding> {
        let hardware = e.aux == PteWrite::Hardware as u32;
        if hardware || e.note != Note::PteWrite || !e.wrote() {
            return None;
        }
        let place = e.obj.place();
        if !v.cx.task(e).holds(Obj::at(Field::Ptl, place.index as usize, 0)) {
            return Some(PTE_UNLOCKED.at(e));
        }
        let new = Pte(e.new);
        if let Some(f) = new.migration_pfn().filter(|f| *f < FOLIOS) {
            return (flags(v.m, f) & PG_LOCKED == 0).then(|| ENTRY_UNLOCKED.at(e).folio(f));
        }
        let f = page(new).filter(|_| e.aux == PteWrite::Fault as u32)?;
        (flags(v.m, f) & PG_UPTODATE == 0).then(|| NOT_UPTODATE.at(e).folio(f))
    }

    /// A folio was mapped, or lost its mapping.
    fn detached(v: &View, f: usize, e: &Event) -> Option<Finding> {
        let gone = match e.note {
            Note::RmapAdd => word(v.m, f, Field::FolioMapping) == 0,
            Note::MappingStore => e.new == 0 && word(v.m, f, Field::Mapcount) != 0,
            _ => false,
        };
        (gone && v.cx.running).then(|| DETACHED.at(e))
    }

    /// The lock of process `mm`'s page table was dropped.
    fn unlocked(&self, v: &View, mm: usize, e: &Event) -> Option<Finding> {
        for addr in 0..VADDRS {
            let entry = pte(v.m, mm, addr);
            let Some(f) = page(entry) else { continue };
            if let Some(kind) = misplaced(v, mm, addr, entry, f) {
                return Some(kind.at(e).folio(f));
            }
        }
        if page_tables_free(v.m) { self.counts(v, e) } else { None }
    }

    /// No page table is locked.
    fn counts(&self, v: &View, e: &Event) -> Option<Finding> {
        let mut mapped = [0u32; FOLIOS];
        for (_, _, entry) in ptes(v.m) {
            if let Some(f) = page(entry) {
                mapped[f] += 1;
            }
            let slot = entry.swap_slot().unwrap_or(SLOTS);
            if let Some(f) = in_slot(v.m, SWAP_SPACE, slot)
                && flags(v.m, f) & PG_ANON_EXCLUSIVE != 0
                && is_anon(v.m, f)
            {
                return Some(SWAP_EXCLUSIVE.at(e).folio(f));
            }
        }
        let known = |f: &usize| !v.cx.folios[*f].free && self.unmodelled >> *f & 1 == 0;
        for f in (0..FOLIOS).filter(known) {
            let count = word(v.m, f, Field::Mapcount);
            let kind = match () {
                _ if count != mapped[f] as u64 => &MAPCOUNT,
                _ if v.ledger.account(f).owner_total(Owner::Pte) < mapped[f] => &PTE_REFS,
                _ if count > 1 && is_anon(v.m, f) && flags(v.m, f) & PG_ANON_EXCLUSIVE != 0 => &EXCLUSIVE_SHARED,
                _ => continue,
            };
            return Some(kind.at(e).folio(f));
        }
        None
    }

    #[cold]
    fn at_rest(&self, v: &View, e: &Event) -> Option<Finding> {
        let lost = |mm, addr, entry: Pte| {
            let f = page(entry)?;
            let outside = VmArea::at(v.m, mm, addr).is_none();
            misplaced(v, mm, addr, entry, f).or(outside.then_some(&PLACEMENT)).map(|kind| kind.at(e).folio(f))
        };
        ptes(v.m).find_map(|(mm, addr, entry)| lost(mm, addr, entry)).or_else(|| self.counts(v, e))
    }
}

/// What is wrong with a present entry for page `f`. A VMA that is gone already is being unmapped.
fn misplaced(v: &View, mm: usize, addr: usize, entry: Pte, f: usize) -> Option<&'static KindSpec> {
    let anon = as_anon_mapping(word(v.m, f, Field::FolioMapping));
    // PG_anon_exclusive came with v5.19.
    let marked = v.m.model().kernel.has_folios();
    if marked && anon.is_some() && entry.is_writable() && flags(v.m, f) & PG_ANON_EXCLUSIVE == 0 {
        return Some(&WRITABLE_SHARED);
    }
    let area = VmArea::at(v.m, mm, addr)?;
    let fits = match (anon, file_of(v.m, f)) {
        (Some(av), _) => area.root(v.m).is_some() && area.root(v.m) == root(v.m, av),
        (None, Some(file)) => area.file == Some(file),
        (None, None) => return Some(&DETACHED),
    };
    let nonlinear = area.flags(v.m) & VM_NONLINEAR != 0;
    let placed = nonlinear || word(v.m, f, Field::Index) == area.index(addr) as u64;
    let here = fits && placed && !v.cx.folios[f].free;
    (!here).then_some(&PLACEMENT)
}

/// No entry names a folio migration has unlocked.
fn entry_left(v: &View, f: usize, e: &Event) -> Option<Finding> {
    has_migration_entry(v.m, f).then(|| ENTRY_UNLOCKED.at(e))
}

impl Check for Rmap {
    const SPEC: CheckSpec =
        CheckSpec { name: "rmap", title: "page tables, mapcounts and reverse mapping", kinds: KINDS };
    const TOPICS: Topics = Topics::none()
        .writes(Field::PteCell)
        .writes(Field::Ptl)
        .writes(Field::Mapcount)
        .writes(Field::FolioMapping)
        .folio_unlocks()
        .note(Note::FolioFree)
        .note(Note::SetupDone)
        .note(Note::Quiescent);

    fn reset(&mut self) {
        self.unmodelled = 0;
    }

    #[inline]
    fn on(&mut self, v: &View, e: &Event) -> Option<Finding> {
        match e.obj.field() {
            Field::Flags if e.note == Note::FolioUnlock => entry_left(v, e.obj.as_folio()?, e),
            Field::Flags => None,
            Field::PteCell => Rmap::write(v, e),
            Field::Ptl if e.kind == Kind::Unlock => self.unlocked(v, e.obj.place().index as usize, e),
            Field::Mapcount | Field::FolioMapping => Rmap::detached(v, e.obj.as_folio()?, e),
            _ => match e.note {
                Note::FolioFree => {
                    self.unmodelled &= !(1 << e.obj.as_folio()?);
                    None
                }
                Note::SetupDone => {
                    let apart = |f: &usize| word(v.m, *f, Field::Mapcount) != present(v.m, *f) as u64;
                    self.unmodelled = (0..FOLIOS).filter(apart).fold(0, |set, f| set | 1 << f);
                    None
                }
                Note::Quiescent => self.at_rest(v, e),
                _ => None,
            },
        }
    }
}
