//! `mm/memory.c`, `mm/mmu_gather.c`: taking page-table entries away (MM-6.12 4.2, 10.8).

use crate::bugs;
use crate::kfn;
use crate::linux::highmem::page_id;
use crate::linux::mm_types::*;
use crate::linux::mmdebug::{peek_flags, vm_bug_on_folio};
use crate::linux::page_ref::folio_ref_transfer;
use crate::linux::pagemap::{folio_index, folio_test_anon, i_mmap, i_mmap_nonlinear};
use crate::linux::pagevec::FolioBatch;
use crate::linux::pgtable::*;
use crate::linux::rwsem::{i_mmap_lock_read, i_mmap_unlock_read};
use crate::machine::m;
use crate::mm::page_writeback::folio_mark_dirty;
use crate::mm::rmap::folio_remove_rmap_pte;
use crate::mm::swap::{folio_mark_accessed, folio_put, lru_add_drain};
use crate::mm::swap_state::free_pages_and_swap_cache;
use crate::mm::swapfile::free_swap_and_cache;
use crate::mm::{bug, kernel};
use crate::vocab::*;

/// `struct zap_details`. Its `single_folio` matters for huge pages only.
#[derive(Clone, Copy, Default)]
pub struct ZapDetails {
    /// Also private copies and swap entries.
    pub even_cows: bool,
    /// `nonlinear_vma`, `first_index`, `last_index` (up to v3.19): only these pages of the file, wherever they are.
    pub nonlinear: Option<(usize, usize)>,
}

impl ZapDetails {
    /// No details: everything goes.
    pub const ALL: ZapDetails = ZapDetails { even_cows: true, nonlinear: None };
}

/// `struct mmu_gather`: pages whose entries are gone, with the entries' references. It has room for all of a process's.
#[derive(Clone, Copy, Default)]
pub struct MmuGather {
    pages: FolioBatch,
    /// Pages still counted as mapped, with the address: rmap is told once the TLB is flushed.
    delayed: FolioBatch,
}

impl MmuGather {
    /// `tlb_gather_mmu()`.
    pub fn new() -> MmuGather {
        MmuGather::default()
    }
}

/// `tlb_flush_mmu()` (mm/mmu_gather.c), v6.12: drops the references. Left out: the TLB itself.
fn tlb_flush_mmu(tlb: &mut MmuGather) {
    kfn!(tlb_flush_mmu);
    if tlb.pages.count() != 0 {
        free_pages_and_swap_cache(&tlb.pages);
        tlb.pages.reinit();
    }
}

/// `tlb_flush_rmaps()` (mm/mmu_gather.c), v6.12: the delayed rmap removals. Page-table lock held.
fn tlb_flush_rmaps(tlb: &mut MmuGather, vma: Vma) {
    kfn!(tlb_flush_rmaps);
    for (folio, addr) in tlb.delayed.entries() {
        folio_remove_rmap_pte(folio, vma, addr);
    }
    tlb.delayed.reinit();
}

/// `tlb_finish_mmu()` (mm/mmu_gather.c), v6.12.
pub fn tlb_finish_mmu(tlb: &mut MmuGather) {
    kfn!(tlb_finish_mmu);
    tlb_flush_mmu(tlb);
}

/// What is at `addr` may be lost: a fact for the checks.
pub(in crate::mm) fn note_anon_discard(mm: Mm, addr: usize) {
    m().note(Note::AnonDiscard, mm.pte(addr), page_id(mm.index(), addr));
}

/// Whether the folio is anonymous, for notes and assertions: no access.
pub(in crate::mm) fn is_anon(folio: Folio) -> bool {
    m().peek(folio.obj(Field::FolioMapping)) & PAGE_MAPPING_FLAGS == PAGE_MAPPING_ANON
}

/// `should_zap_folio()`, v6.12: private copies only if they are to go, too.
fn should_zap_folio(details: ZapDetails, folio: Folio) -> bool {
    kfn!(should_zap_folio);
    details.even_cows || !folio_test_anon(folio)
}

/// `zap_present_folio_ptes()`, v6.12. Page-table lock held. The entry's reference goes to the gather. Returns whether
/// the gather must be flushed before the lock is dropped: a dirty file entry, whose rmap removal waits for the flush.
/// Left out: the report of a negative mapcount.
fn zap_present_folio_ptes(tlb: &mut MmuGather, vma: Vma, addr: usize, folio: Folio) -> bool {
    kfn!(zap_present_folio_ptes);
    let mm = vma.mm();
    let mut delay_rmap = false;
    if bug(bugs::M_ZAP_LATE) {
        folio_remove_rmap_pte(folio, vma, addr);
        folio_put(folio, Owner::Pte);
        ptep_get_and_clear(mm, addr);
        return false;
    }
    if folio_test_anon(folio) {
        ptep_get_and_clear(mm, addr);
        note_anon_discard(mm, addr);
    } else {
        let pte = ptep_get_and_clear(mm, addr);
        if pte.is_dirty() {
            folio_mark_dirty(folio);
            delay_rmap = true;
        }
        if pte.is_young() {
            folio_mark_accessed(folio);
        }
    }
    if bug(bugs::M_ZAP_PUT_FIRST) {
        folio_put(folio, Owner::Pte);
        folio_remove_rmap_pte(folio, vma, addr);
        return false;
    }
    if delay_rmap && kernel().has_folios() {
        tlb.delayed.add(folio, addr);
    } else {
        folio_remove_rmap_pte(folio, vma, addr);
    }
    folio_ref_transfer(folio, Owner::Pte, Owner::Gather);
    tlb.pages.add(folio, addr);
    delay_rmap
}

/// `zap_present_ptes()`, v6.12. Page-table lock held. As [`zap_present_folio_ptes`]; the zero page has nothing but its
/// entry.
fn zap_present_ptes(tlb: &mut MmuGather, vma: Vma, addr: usize, pte: Pte, details: ZapDetails) -> bool {
    kfn!(zap_present_ptes);
    let Some(pfn) = pte.page() else {
        ptep_get_and_clear(vma.mm(), addr);
        return false;
    };
    let folio = Folio(pfn as u8);
    let Some((first, last)) = details.nonlinear else {
        return should_zap_folio(details, folio) && zap_present_folio_ptes(tlb, vma, addr, folio);
    };
    let index = folio_index(folio);
    if index < first || index > last {
        return false;
    }
    let flush = zap_present_folio_ptes(tlb, vma, addr, folio);
    if index != vma.linear_page_index(addr) {
        set_pte_at(vma.mm(), addr, Pte::file(index), PteWrite::Unmap);
    }
    flush
}

/// The part of [`zap_pte_range`] for swap and migration entries. Page-table lock held.
fn zap_nonpresent_pte(vma: Vma, addr: usize, pte: Pte, details: ZapDetails) {
    let mut private = true;
    if let Some(slot) = pte.swap_slot() {
        if !details.even_cows {
            return;
        }
        free_swap_and_cache(slot);
        if bug(bugs::M_ZAP_TWICE) {
            free_swap_and_cache(slot);
        }
    } else if let Some(pfn) = pte.migration_pfn() {
        let folio = Folio(pfn as u8);
        vm_bug_on_folio(peek_flags(folio) & PG_LOCKED == 0, folio, VmBug::MigrationEntry);
        if !should_zap_folio(details, folio) {
            return;
        }
        private = is_anon(folio);
    } else if pte.file_pgoff().is_some() {
        private = false;
    }
    set_pte_at(vma.mm(), addr, Pte::NONE, PteWrite::Unmap);
    if private {
        note_anon_discard(vma.mm(), addr);
    }
}

/// `zap_pte_range()`, v6.12. The caller holds the mmap_lock or the file's i_mmap_rwsem. The gather has the references
/// afterwards, unless it was flushed. Left out: userfaultfd markers, device entries, rescheduling.
fn zap_pte_range(tlb: &mut MmuGather, vma: Vma, start: usize, end: usize, details: ZapDetails) {
    kfn!(zap_pte_range);
    let mm = vma.mm();
    let mut force_flush = false;
    pte_offset_map_lock(mm);
    for addr in start..end {
        let pte = ptep_get(mm, addr);
        if pte.is_present() {
            force_flush |= zap_present_ptes(tlb, vma, addr, pte, details);
        } else if !pte.is_none() && details.nonlinear.is_none() {
            zap_nonpresent_pte(vma, addr, pte, details);
        }
    }
    if force_flush {
        tlb_flush_rmaps(tlb, vma);
    }
    pte_unmap_unlock(mm);
    if force_flush {
        tlb_flush_mmu(tlb);
    }
}

/// `unmap_single_vma()`, v6.12: the part of the VMA that is in the range. Left out: hugetlb, uprobes.
fn unmap_single_vma(tlb: &mut MmuGather, vma: Vma, start: usize, end: usize, details: ZapDetails) {
    kfn!(unmap_single_vma);
    let place = vma.place();
    let (start, end) = (start.max(place.start), end.min(place.end));
    if start < end {
        zap_pte_range(tlb, vma, start, end, details);
    }
}

/// `unmap_vmas()`, v6.12: everything of these VMAs that is in the range. mmap_lock held. Left out: notifiers.
pub fn unmap_vmas(tlb: &mut MmuGather, vmas: Seq, start: usize, end: usize) {
    kfn!(unmap_vmas);
    for vma in vmas.iter() {
        unmap_single_vma(tlb, Vma(vma as u8), start, end, ZapDetails::ALL);
    }
}

/// `zap_page_range_single()`, v6.12. The caller holds the mmap_lock or the file's i_mmap_rwsem. Every reference is
/// dropped when it returns. Left out: notifiers.
pub fn zap_page_range_single(vma: Vma, start: usize, end: usize, details: ZapDetails) {
    kfn!(zap_page_range_single);
    lru_add_drain();
    let mut tlb = MmuGather::new();
    unmap_single_vma(&mut tlb, vma, start, end, details);
    tlb_finish_mmu(&mut tlb);
}

/// `unmap_mapping_range_tree()`, v6.12: file pages `first` to `last` in every VMA that maps them. i_mmap_rwsem held,
/// which keeps the VMAs where they are.
fn unmap_mapping_range_tree(mapping: AddressSpace, first: usize, last: usize, details: ZapDetails) {
    if bug(bugs::UNMAP_CURSOR) {
        return restartable::unmap_mapping_range_tree(mapping, first, last, details);
    }
    kfn!(unmap_mapping_range_tree);
    for vma in i_mmap(mapping).iter().map(|v| Vma(v as u8)) {
        let place = vma.place();
        let from = first.max(place.pgoff);
        let to = (last + 1).min(place.pgoff + (place.end - place.start));
        if from < to {
            let addr = |index: usize| index - place.pgoff + place.start;
            zap_page_range_single(vma, addr(from), addr(to), details);
        }
    }
    if kernel().has_nonlinear() {
        unmap_mapping_range_list(mapping, first, last);
    }
}

/// Up to v2.6.37: i_mmap_lock is a spinlock, and dropped now and then: here after each page. The VMA keeps what it has
/// come to, for whoever unmaps something of the file: fixed by 2aa15890f3c1, which lets only one at a time do so. The
/// lock is a semaphore since v3.0, and what was kept is gone with it.
mod restartable {
    use super::*;
    use crate::linux::mm_types::AddressSpace;

    /// `vm_truncate_count` is where to go on, and not a number of `truncate_count`.
    const RESTART: u64 = 1 << 32;

    fn vm_truncate_count(vma: Vma) -> u64 {
        crate::prim!(vm_truncate_count);
        m().load(vma.obj(Field::VmTruncateCount), Order::Relaxed, Note::Nothing, 0)
    }

    fn set_vm_truncate_count(vma: Vma, count: u64) {
        crate::prim!(set_vm_truncate_count);
        m().store(vma.obj(Field::VmTruncateCount), count, Order::Relaxed, Note::Nothing, 0);
    }

    /// `++mapping->truncate_count`, as `unmap_mapping_range()` begins.
    fn next_truncate_count(mapping: AddressSpace) -> u64 {
        crate::prim!(truncate_count);
        let next = |v: u64| Some(v + 1);
        let old = m().rmw(mapping.obj(Field::TruncateCount), Order::Relaxed, Note::Nothing, mapping.aux(), next);
        old.unwrap_or_default() + 1
    }

    /// `unmap_mapping_range_tree()`, v2.6.37. i_mmap_lock held.
    pub fn unmap_mapping_range_tree(mapping: AddressSpace, first: usize, last: usize, details: ZapDetails) {
        kfn!(unmap_mapping_range_tree);
        let count = next_truncate_count(mapping);
        loop {
            let mut vmas = i_mmap(mapping).iter().map(|v| Vma(v as u8));
            if vmas.all(|vma| unmap_mapping_range_vma(mapping, vma, (first, last), count, details)) {
                return;
            }
        }
    }

    /// `unmap_mapping_range_vma()`, v2.6.37. i_mmap_lock held. False: it was dropped, the tree is to be looked through
    /// again.
    fn unmap_mapping_range_vma(
        mapping: AddressSpace,
        vma: Vma,
        (first, last): (usize, usize),
        count: u64,
        details: ZapDetails,
    ) -> bool {
        kfn!(unmap_mapping_range_vma);
        let place = vma.place();
        let from = first.max(place.pgoff);
        let to = (last + 1).min(place.pgoff + (place.end - place.start));
        if from >= to {
            return true;
        }
        let (mut start, end) = (from - place.pgoff + place.start, to - place.pgoff + place.start);
        let kept = vm_truncate_count(vma);
        if kept == count {
            return true; // dealt with
        }
        if kept & RESTART != 0 {
            start = start.max((kept & !RESTART) as usize);
        }
        if start < end {
            zap_page_range_single(vma, start, start + 1, details);
            start += 1;
        }
        if start >= end {
            set_vm_truncate_count(vma, count);
            return true;
        }
        set_vm_truncate_count(vma, RESTART | start as u64);
        i_mmap_unlock_read(mapping);
        i_mmap_lock_read(mapping);
        false
    }
}

/// `unmap_mapping_range_list()`, up to v3.19: the nonlinear VMAs are searched as a whole. i_mmap_mutex held.
fn unmap_mapping_range_list(mapping: AddressSpace, first: usize, last: usize) {
    kfn!(unmap_mapping_range_list);
    for vma in i_mmap_nonlinear(mapping).iter().map(|v| Vma(v as u8)) {
        let place = vma.place();
        let details = ZapDetails { even_cows: true, nonlinear: Some((first, last)) };
        zap_page_range_single(vma, place.start, place.end, details);
    }
}

/// `unmap_mapping_folio()`, v6.12: takes the file folio out of all page tables. Folio locked, so it cannot be mapped
/// again.
pub fn unmap_mapping_folio(folio: Folio) {
    kfn!(unmap_mapping_folio);
    vm_bug_on_folio(peek_flags(folio) & PG_LOCKED == 0, folio, VmBug::NotLocked);
    let Some(mapping) = MappingPtr::load(folio).file() else {
        return m().note(Note::NullDeref, folio.obj(Field::FolioMapping), 0);
    };
    let index = folio_index(folio);
    i_mmap_lock_read(mapping);
    unmap_mapping_range_tree(mapping, index, index, ZapDetails { even_cows: false, nonlinear: None });
    i_mmap_unlock_read(mapping);
}

/// `unmap_mapping_pages()`, v6.12: `nr` file pages from `start` on. The caller pins the inode. Private copies stay
/// unless `even_cows`.
pub fn unmap_mapping_pages(mapping: AddressSpace, start: usize, nr: usize, even_cows: bool) {
    kfn!(unmap_mapping_pages);
    let Some(last) = start.saturating_add(nr).checked_sub(1) else { return };
    i_mmap_lock_read(mapping);
    unmap_mapping_range_tree(mapping, start, last.min(SLOTS - 1), ZapDetails { even_cows, nonlinear: None });
    i_mmap_unlock_read(mapping);
}
