//! `mm/swap_state.c`: the swap cache.

use super::bug;
use super::filemap::{filemap_get_entry, folio_unlock, get_entry};
use super::page_alloc::folio_alloc;
use super::page_io::swap_read_folio;
use super::page_writeback::folio_mark_dirty;
use super::swap::{folio_add_lru, folio_put, folios_put_refs, lru_add_drain};
use super::swapfile::*;
use crate::bugs;
use crate::kfn;
use crate::linux::mm_types::{AddressSpace, Folio};
use crate::linux::mmdebug::{peek_flags, vm_bug_on_folio};
use crate::linux::page_flags::*;
use crate::linux::page_ref::{folio_ref_add, folio_ref_sub, folio_ref_transfer};
use crate::linux::pagemap::{folio_mapped, folio_set_swap, folio_swap, folio_trylock};
use crate::linux::pagevec::FolioBatch;
use crate::linux::swap_info::{swap_address_space, wait_for_swap_slot};
use crate::linux::xarray::{Entry, xa_lock_irq, xa_unlock_irq, xas_store};
use crate::machine::m;
use crate::vocab::*;

fn nrpages_add(nr: i64) {
    let swap = AddressSpace::SWAP;
    let add = |v: u64| Some(v.wrapping_add_signed(nr));
    let _ = m().rmw(swap.obj(Field::NrPages), Order::Plain, Note::Nothing, swap.aux(), add);
}

fn vm_bug_not_locked(folio: Folio) {
    vm_bug_on_folio(peek_flags(folio) & PG_LOCKED == 0, folio, VmBug::NotLocked);
}

/// Whether the folio is in the swap cache, as an assertion sees it.
fn peek_swapcache(folio: Folio) -> bool {
    let both = PG_SWAPCACHE | PG_SWAPBACKED;
    peek_flags(folio) & both == both
}

/// `add_to_swap_cache()`, v6.12. Folio locked and swap-backed, the caller holds a reference and the slot's
/// SWAP_HAS_CACHE. True: the folio is in the swap cache, which has a reference. Left out: -ENOMEM of the tree (so it
/// never fails), shadows.
pub fn add_to_swap_cache(folio: Folio, slot: usize) -> bool {
    kfn!(add_to_swap_cache);
    vm_bug_not_locked(folio);
    vm_bug_on_folio(peek_swapcache(folio), folio, VmBug::SwapCache);
    vm_bug_on_folio(peek_flags(folio) & PG_SWAPBACKED == 0, folio, VmBug::SwapBacked);
    if !bug(bugs::M_SWAP_CACHE_REF) {
        folio_ref_add(folio, Owner::SwapCache, 1);
    }
    folio_set_swapcache(folio);
    folio_set_swap(folio, Some(slot));
    if bug(bugs::M_STORE_UNLOCKED) {
        xas_store(AddressSpace::SWAP, slot, Some(folio));
    }
    xa_lock_irq(AddressSpace::SWAP);
    xas_store(AddressSpace::SWAP, slot, Some(folio));
    nrpages_add(1);
    xa_unlock_irq(AddressSpace::SWAP);
    true
}

/// `__delete_from_swap_cache()`, v6.12. i_pages of the swap cache held, folio locked and not under writeback. The
/// reference and SWAP_HAS_CACHE are left to the caller. Left out: shadows.
pub fn __delete_from_swap_cache(folio: Folio, slot: usize) {
    kfn!(__delete_from_swap_cache);
    vm_bug_not_locked(folio);
    vm_bug_on_folio(!peek_swapcache(folio), folio, VmBug::SwapCache);
    vm_bug_on_folio(peek_flags(folio) & PG_WRITEBACK != 0, folio, VmBug::Writeback);
    let held = m().peek(AddressSpace::SWAP.slot(slot));
    vm_bug_on_folio(held != folio.0 as u64 + 1, folio, VmBug::WrongIndex);
    xas_store(AddressSpace::SWAP, slot, None);
    folio_set_swap(folio, None);
    folio_clear_swapcache(folio);
    nrpages_add(-1);
}

/// `add_to_swap()`, v6.12. Folio locked and uptodate, the caller holds a reference. True: it has a slot, is in the swap
/// cache and dirty. False: no slot is free.
pub fn add_to_swap(folio: Folio) -> bool {
    kfn!(add_to_swap);
    vm_bug_not_locked(folio);
    vm_bug_on_folio(peek_flags(folio) & PG_UPTODATE == 0, folio, VmBug::Uptodate);
    let Some(slot) = folio_alloc_swap() else { return false };
    if !add_to_swap_cache(folio, slot) {
        put_swap_folio(slot);
        return false;
    }
    // Always: a dirty bit may still be in a page table, and MADV_FREE may have cleared the flag.
    if !bug(bugs::LAZYFREE_CLEAN) {
        folio_mark_dirty(folio);
    }
    true
}

/// `delete_from_swap_cache()`, v6.12. Folio locked and in the swap cache; the caller holds a reference.
pub fn delete_from_swap_cache(folio: Folio) {
    kfn!(delete_from_swap_cache);
    let Some(slot) = folio_swap(folio).filter(|s| *s < SLOTS) else {
        // The kernel would go on with entry 0.
        return vm_bug_on_folio(true, folio, VmBug::SwapCache);
    };
    xa_lock_irq(AddressSpace::SWAP);
    __delete_from_swap_cache(folio, slot);
    xa_unlock_irq(AddressSpace::SWAP);
    if !bug(bugs::M_SLOT_KEPT) {
        put_swap_folio(slot);
    }
    folio_ref_sub(folio, Owner::SwapCache, 1);
}

/// `free_swap_cache()`, v6.12: frees the slot of an unmapped swap-cache folio if nothing else needs it. Only a hint:
/// the first tests are made without the lock. The caller holds a reference.
pub fn free_swap_cache(folio: Folio) {
    kfn!(free_swap_cache);
    let unused = folio_test_swapcache(folio) && !folio_mapped(folio);
    if unused && (folio_trylock(folio) || bug(bugs::M_FREE_SWAP_TRYLOCK)) {
        folio_free_swap(folio);
        folio_unlock(folio);
    }
}

/// `free_pages_and_swap_cache()`, v6.12: drops the references of an mmu_gather, one for each entry.
pub fn free_pages_and_swap_cache(folios: &FolioBatch) {
    kfn!(free_pages_and_swap_cache);
    lru_add_drain();
    let mut fbatch = FolioBatch::new();
    for folio in folios.folios() {
        free_swap_cache(folio);
        fbatch.add(folio, 0);
        if fbatch.count() == PAGEVEC_SIZE {
            folios_put_refs(&fbatch, Owner::Gather);
            fbatch.reinit();
        }
    }
    if fbatch.count() != 0 {
        folios_put_refs(&fbatch, Owner::Gather);
    }
}

/// `swap_cache_get_folio()`, v6.12: the slot's folio in the swap cache, unlocked, with a reference of `owner`. The
/// caller has the swap device, or a locked swap-cache folio. Left out: readahead statistics.
pub fn swap_cache_get_folio(slot: usize, owner: Owner) -> Option<Folio> {
    kfn!(swap_cache_get_folio);
    filemap_get_entry(AddressSpace::SWAP, slot, owner)
}

/// `lookup_swap_cache()`, v5.3 to v5.13: as [`swap_cache_get_folio`], for a caller without the device.
pub fn lookup_swap_cache(slot: usize) -> Option<Folio> {
    kfn!(lookup_swap_cache);
    if !get_swap_device() {
        return None;
    }
    let found = filemap_get_entry(AddressSpace::SWAP, slot, Owner::Fault);
    put_swap_device();
    found
}

/// `filemap_get_incore_folio()`, v6.12: the folio of a file's page, also of one that is swapped out, with a `Lookup`
/// reference. The caller pins the inode. The slot's entry may go meanwhile: it does not keep the device.
pub fn filemap_get_incore_folio(mapping: AddressSpace, index: usize) -> Option<Folio> {
    kfn!(filemap_get_incore_folio);
    let slot = match get_entry(mapping, index, Owner::Lookup) {
        Entry::Folio(folio) => return Some(folio),
        Entry::Swap(slot) => slot,
        _ => return None,
    };
    let pinned = !bug(bugs::MINCORE_UNPINNED);
    if pinned && !get_swap_device() {
        return None;
    }
    let space = if pinned { AddressSpace::SWAP } else { swap_address_space() };
    let found = filemap_get_entry(space, slot, Owner::Lookup);
    if pinned {
        put_swap_device();
    }
    found
}

/// The loop of `__read_swap_cache_async()` that finds the slot's folio, or wins the slot for `new_folio`. True: won.
fn find_or_prepare(slot: usize, found: &mut Option<Folio>, new_folio: &mut Option<Folio>) -> bool {
    loop {
        *found = filemap_get_entry(AddressSpace::SWAP, slot, Owner::Fault);
        if found.is_some() {
            return false;
        }
        // An unused slot, or one whose last entry is gone.
        if swap_swapcount(slot) == 0 {
            return false;
        }
        if new_folio.is_none() {
            *new_folio = folio_alloc();
        }
        if new_folio.is_none() {
            return false;
        }
        match swapcache_prepare(slot) {
            Ok(()) => return true,
            Err(PrepareError::NoEnt) => return false,
            // Somebody has the slot but the swap cache has no folio yet, or has it by now.
            Err(PrepareError::Exist) => wait_for_swap_slot(slot),
        }
    }
}

/// `__read_swap_cache_async()`, v6.12. Sleeps. The slot's folio with a `Fault` reference, and whether it is new: then
/// it is locked, and the caller is to read it. `None`: the device is gone, the slot unused, or no frame is free. Left
/// out: memcg charge, shadows, `skip_if_exists`.
fn __read_swap_cache_async(slot: usize) -> Option<(Folio, bool)> {
    kfn!(__read_swap_cache_async);
    let pinned = !bug(bugs::SWAPIN_UNPINNED);
    if pinned && !get_swap_device() {
        return None;
    }
    let (mut found, mut new_folio) = (None, None);
    let won = find_or_prepare(slot, &mut found, &mut new_folio);
    if let Some(folio) = new_folio
        && won
    {
        __folio_set_locked(folio);
        __folio_set_swapbacked(folio);
        add_to_swap_cache(folio, slot);
        folio_add_lru(folio);
        folio_ref_transfer(folio, Owner::Alloc, Owner::Fault);
        found = Some(folio);
    }
    if pinned {
        put_swap_device();
    }
    if let Some(folio) = new_folio
        && !won
    {
        folio_put(folio, Owner::Alloc);
    }
    found.map(|folio| (folio, won))
}

/// `read_swap_cache_async()`, v6.12. The slot's folio with a `Fault` reference: in the swap cache when it was found,
/// perhaps being read. See [`__read_swap_cache_async`] for when there is none.
pub fn read_swap_cache_async(slot: usize) -> Option<Folio> {
    kfn!(read_swap_cache_async);
    let (folio, allocated) = __read_swap_cache_async(slot)?;
    if allocated {
        swap_read_folio(folio);
    }
    Some(folio)
}

/// `swapin_readahead()`, v6.12, with a window of one: only the slot asked for. Left out: the neighbours.
pub fn swapin_readahead(slot: usize) -> Option<Folio> {
    kfn!(swapin_readahead);
    read_swap_cache_async(slot)
}
