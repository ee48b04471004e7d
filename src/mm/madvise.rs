//! `mm/madvise.c`: advice about one virtual page (MM-6.12 13).

use super::filemap::folio_unlock;
use super::memory::*;
use super::swap::{folio_deactivate, folio_mark_lazyfree, folio_put, lru_add_drain};
use super::swap_state::read_swap_cache_async;
use super::swapfile::{folio_free_swap, free_swap_and_cache};
use super::vmscan::{folio_isolate_lru, folio_putback_lru, reclaim_pages};
use super::{bug, kernel};
use crate::bugs;
use crate::kfn;
use crate::linux::fault::*;
use crate::linux::highmem::page_id;
use crate::linux::mm_inline::private_list_add;
use crate::linux::mm_types::*;
use crate::linux::page_flags::*;
use crate::linux::pagemap::{folio_mapcount, folio_trylock};
use crate::linux::pagevec::FolioBatch;
use crate::linux::pgtable::*;
use crate::linux::signal::fatal_signal_pending;
use crate::machine::m;
use crate::vocab::*;

/// The VMA at `addr`, unless it is one whose pages must stay (`can_madv_lru_vma`, `madvise_dontneed_free_valid_vma`).
/// mmap_lock held.
fn unlocked_vma(mm: Mm, addr: usize) -> Option<Vma> {
    mm.vma_lookup(addr).filter(|vma| locked_vm_flags(*vma) & VM_LOCKED == 0)
}

/// MADV_COLD of the page at `addr`. The caller holds an `mm_users` reference.
pub fn madvise_cold(mm: Mm, addr: usize) {
    kfn!(madvise_cold);
    mmap_read_lock(mm);
    if let Some(vma) = unlocked_vma(mm, addr) {
        lru_add_drain();
        madvise_cold_or_pageout_pte_range(vma, addr, false);
    }
    mmap_read_unlock(mm);
}

/// MADV_PAGEOUT of the page at `addr`. The caller holds an `mm_users` reference. Left out: files the caller must not
/// write.
pub fn madvise_pageout(mm: Mm, addr: usize) {
    kfn!(madvise_pageout);
    mmap_read_lock(mm);
    if let Some(vma) = unlocked_vma(mm, addr) {
        lru_add_drain();
        madvise_cold_or_pageout_pte_range(vma, addr, true);
    }
    mmap_read_unlock(mm);
}

/// `madvise_cold_or_pageout_pte_range()`, v6.5 to v6.12 (ERAS D.F7), for one entry. mmap_lock held. Only a folio that
/// is on the LRU and mapped exactly once. Left out: large folios, PG_young.
fn madvise_cold_or_pageout_pte_range(vma: Vma, addr: usize, pageout: bool) {
    kfn!(madvise_cold_or_pageout_pte_range);
    if fatal_signal_pending() {
        return;
    }
    let mut folio_list = FolioBatch::new();
    pte_offset_map_lock(vma.mm());
    let pte = ptep_get(vma.mm(), addr);
    if let Some(pfn) = pte.page() {
        cold_or_pageout(vma, addr, pte, Folio(pfn as u8), pageout.then_some(&mut folio_list));
    }
    pte_unmap_unlock(vma.mm());
    if pageout {
        reclaim_pages(&folio_list);
    }
}

/// The loop body: with a list, to be paged out. Page-table lock held. Up to v6.9 a page to be paged out is made old, so
/// that reclaim, which looked at references then, takes it.
fn cold_or_pageout(vma: Vma, addr: usize, pte: Pte, folio: Folio, folio_list: Option<&mut FolioBatch>) {
    if !folio_test_lru(folio) || folio_mapcount(folio) != 1 {
        return;
    }
    let mm = vma.mm();
    if kernel() < Kernel::V6_12 && pte.is_young() {
        let old = ptep_change(mm, addr, |_| Pte::NONE, PteWrite::Change);
        set_pte_at(mm, addr, old.mkold(), PteWrite::Change);
    } else if folio_list.is_none() && pte.is_young() {
        ptep_test_and_clear_young(mm, addr);
    }
    folio_clear_referenced(folio);
    if folio_test_active(folio) {
        folio_set_workingset(folio);
    }
    let Some(folio_list) = folio_list else { return folio_deactivate(folio) };
    if bug(bugs::D7) {
        pte_unmap_unlock(mm);
    }
    let isolated = folio_isolate_lru(folio);
    if bug(bugs::D7) {
        pte_offset_map_lock(mm);
    }
    if !isolated {
        return;
    }
    if folio_test_unevictable(folio) {
        folio_putback_lru(folio);
    } else {
        private_list_add(folio);
        folio_list.add(folio, addr);
    }
}

/// MADV_FREE (`madvise_free_single_vma()`) of the page at `addr`. The caller holds an `mm_users` reference.
pub fn madvise_free(mm: Mm, addr: usize) {
    mmap_read_lock(mm);
    if let Some(vma) = unlocked_vma(mm, addr).filter(|vma| vma_is_anonymous(*vma)) {
        lru_add_drain();
        madvise_free_pte_range(vma, addr);
    }
    mmap_read_unlock(mm);
}

/// `madvise_free_pte_range()`, v6.12, for one entry. mmap_lock held; anonymous VMA. Left out: large folios, poisoned
/// entries.
fn madvise_free_pte_range(vma: Vma, addr: usize) {
    kfn!(madvise_free_pte_range);
    let mm = vma.mm();
    pte_offset_map_lock(mm);
    let pte = ptep_get(mm, addr);
    if let Some(slot) = pte.swap_slot() {
        free_swap_and_cache(slot);
        set_pte_at(mm, addr, Pte::NONE, PteWrite::Unmap);
        note_anon_discard(mm, addr);
    } else if let Some(pfn) = pte.page() {
        free_present(mm, addr, pte, Folio(pfn as u8));
    }
    pte_unmap_unlock(mm);
}

/// A present entry. Page-table lock held. What was written before the entry is clean may be lost from then on.
fn free_present(mm: Mm, addr: usize, pte: Pte, folio: Folio) {
    let may_be_lost = || m().note(Note::AnonLazyFree, mm.pte(addr), page_id(mm.index(), addr));
    if !pte.is_dirty() {
        may_be_lost();
    }
    if (folio_test_swapcache(folio) || folio_test_dirty(folio)) && !clear_folio_dirty(folio) {
        return;
    }
    if pte.is_young() || pte.is_dirty() {
        let old = ptep_change(mm, addr, |_| Pte::NONE, PteWrite::Change);
        may_be_lost();
        set_pte_at(mm, addr, old.mkold().mkclean(), PteWrite::Change);
    }
    folio_mark_lazyfree(folio);
}

/// Takes the folio out of the swap cache and makes it clean. False: somebody else uses it, or it cannot be locked.
fn clear_folio_dirty(folio: Folio) -> bool {
    if !folio_trylock(folio) {
        return false;
    }
    let alone = folio_mapcount(folio) == 1 && (!folio_test_swapcache(folio) || folio_free_swap(folio));
    if alone {
        folio_clear_dirty(folio);
    }
    folio_unlock(folio);
    alone
}

/// MADV_DONTNEED (`madvise_dontneed_single_vma()`) of the page at `addr`. The caller holds an `mm_users` reference.
pub fn madvise_dontneed(mm: Mm, addr: usize) {
    mmap_read_lock(mm);
    if let Some(vma) = unlocked_vma(mm, addr) {
        zap_page_range_single(vma, addr, addr + 1, ZapDetails::ALL);
    } else if bug(bugs::M_KEPT_LOCK) {
        return;
    }
    mmap_read_unlock(mm);
}

/// `madvise_willneed()`, v6.12, of the page at `addr`. The caller holds an `mm_users` reference. Left out: files.
pub fn madvise_willneed(mm: Mm, addr: usize) {
    kfn!(madvise_willneed);
    mmap_read_lock(mm);
    if let Some(vma) = mm.vma_lookup(addr).filter(|vma| vma_is_anonymous(*vma)) {
        swapin_walk_pmd_entry(vma, addr);
        lru_add_drain();
    }
    mmap_read_unlock(mm);
}

/// `swapin_walk_pmd_entry()`, v6.12, for one entry. mmap_lock held. Brings a swapped-out page into the swap cache.
fn swapin_walk_pmd_entry(vma: Vma, addr: usize) {
    kfn!(swapin_walk_pmd_entry);
    pte_offset_map_lock(vma.mm());
    let slot = ptep_get(vma.mm(), addr).swap_slot();
    pte_unmap_unlock(vma.mm());
    if let Some(folio) = slot.and_then(read_swap_cache_async) {
        folio_put(folio, Owner::Fault);
    }
}

/// MADV_POPULATE_READ and MADV_POPULATE_WRITE of the page at `addr`: faults it in without an access. The caller holds
/// an `mm_users` reference. Left out: FOLL_TOUCH.
pub fn madvise_populate(mm: Mm, addr: usize, write: bool) {
    kfn!(madvise_populate);
    while !populated(mm, addr, write) {
        if do_user_addr_fault(mm, addr, write) != VmFault::Done || fatal_signal_pending() {
            return;
        }
    }
}

/// Whether the entry allows the access already.
fn populated(mm: Mm, addr: usize, write: bool) -> bool {
    mmap_read_lock(mm);
    pte_offset_map_lock(mm);
    let pte = ptep_get(mm, addr);
    pte_unmap_unlock(mm);
    mmap_read_unlock(mm);
    pte.is_present() && (!write || pte.is_writable())
}
