//! `mm/swapfile.c`: the swap device's slots. One device, whose slots make one cluster. v5.0 has it as
//! v6.12, with a count of users that came with v5.2, and without the race of swap-ins past the swap cache (fix
//! 13ddaf26be32).
//!
//! Left out: the per-CPU caches of slots on their way out and back, count continuations, and the work item that
//! reclaims cache-only slots of full clusters.

use super::filemap::{filemap_get_entry, folio_lock, folio_unlock, folio_wait_writeback};
use super::mmap::mmput;
use super::rmap::{folio_add_anon_rmap_pte, folio_add_new_anon_rmap};
use super::shmem::shmem_unuse;
use super::swap::folio_put;
use super::swap_state::{__delete_from_swap_cache, delete_from_swap_cache, swap_cache_get_folio, swapin_readahead};
use super::{bug, kernel};
use crate::bugs;
use crate::kfn;
use crate::linux::fault::{mmap_read_lock, mmap_read_unlock};
use crate::linux::mm_types::{AddressSpace, Folio, Mm, Vma};
use crate::linux::mmdebug::{bug_on, peek_flags, vm_bug_on_folio};
use crate::linux::page_flags::*;
use crate::linux::page_ref::{folio_get, folio_ref_sub};
use crate::linux::pagemap::{folio_mapcount, folio_mapped, folio_swap, folio_test_anon, folio_trylock};
use crate::linux::pgtable::*;
use crate::linux::rcupdate::synchronize_rcu;
use crate::linux::signal::fatal_signal_pending;
use crate::linux::swap_info::*;
use crate::linux::xarray::{xa_lock_irq, xa_unlock_irq};
use crate::vocab::*;

/// Why `swapcache_prepare()` fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PrepareError {
    /// -EEXIST: somebody else is adding the slot to the swap cache, or has.
    Exist,
    /// -ENOENT: the slot is unused.
    NoEnt,
}

// ----- slots and their counts (MM-6.12 10.1) -----

/// `cluster_scan_range()`, v6.12, for one slot: whether it is free. Cluster lock held, but dropped for a slot that only
/// the swap cache uses, if swap is full.
fn cluster_scan_range(slot: usize) -> bool {
    kfn!(cluster_scan_range);
    match swap_map(slot) {
        0 => true,
        SWAP_HAS_CACHE if vm_swap_full() => cluster_reclaim_range(slot),
        _ => false,
    }
}

/// `cluster_reclaim_range()`, v6.12, for one slot: whether it is free afterwards. Drops the cluster lock meanwhile.
fn cluster_reclaim_range(slot: usize) -> bool {
    kfn!(cluster_reclaim_range);
    swap_scanning(true);
    unlock_cluster();
    if swap_map(slot) == SWAP_HAS_CACHE {
        __try_to_reclaim_swap(slot, true);
    }
    lock_cluster();
    swap_scanning(false);
    swap_map(slot) == 0
}

/// `folio_alloc_swap()` with `get_swap_pages()` and `alloc_swap_scan_cluster()`, v6.12: a free slot, marked
/// SWAP_HAS_CACHE. `None`: none is free, or the device is on its way off. The caller may hold a folio lock.
pub fn folio_alloc_swap() -> Option<usize> {
    kfn!(folio_alloc_swap);
    lock_cluster();
    let slot = if swap_writeok() { (0..SLOTS).find(|s| cluster_scan_range(*s)) } else { None };
    let slot = slot.filter(|_| swap_writeok()); // the lock may have been dropped
    if let Some(slot) = slot {
        set_swap_map(slot, SWAP_HAS_CACHE);
    }
    unlock_cluster();
    slot
}

/// `__swap_duplicate()`, v6.12: one more swap entry, or with `has_cache` SWAP_HAS_CACHE.
fn __swap_duplicate(slot: usize, has_cache: bool) -> Result<(), PrepareError> {
    kfn!(__swap_duplicate);
    lock_cluster();
    let byte = swap_map(slot);
    let done = match (byte, has_cache) {
        (0, _) => Err(PrepareError::NoEnt),
        (_, true) if byte & SWAP_HAS_CACHE != 0 => Err(PrepareError::Exist),
        _ => Ok(()),
    };
    if done.is_ok() {
        let count = if has_cache { byte & SWAP_COUNT } else { (byte + 1) & SWAP_COUNT };
        let cache = if has_cache { SWAP_HAS_CACHE } else { byte & SWAP_HAS_CACHE };
        set_swap_map(slot, count | cache);
    }
    unlock_cluster();
    done
}

/// `swap_duplicate()`, v6.12: a page table gets another entry for the slot. An unused slot is passed over in silence,
/// as in the kernel. Left out: failure to get a count continuation, so it is always true.
pub fn swap_duplicate(slot: usize) -> bool {
    kfn!(swap_duplicate);
    let _unused = __swap_duplicate(slot, false);
    true
}

/// `swap_shmem_alloc()`, v6.12: the slot's entry is the one in a file of tmpfs. The slot has SWAP_HAS_CACHE.
pub fn swap_shmem_alloc(slot: usize) {
    kfn!(swap_shmem_alloc);
    lock_cluster(); // __swap_duplicate()
    set_swap_map(slot, SWAP_MAP_SHMEM | swap_map(slot) & SWAP_HAS_CACHE);
    unlock_cluster();
}

/// `swapcache_prepare()`, v6.12: takes SWAP_HAS_CACHE, which makes the caller the one to add the slot to the swap
/// cache.
pub fn swapcache_prepare(slot: usize) -> Result<(), PrepareError> {
    kfn!(swapcache_prepare);
    __swap_duplicate(slot, true)
}

/// `_swap_info_get()`, v6.12: whether the slot is in use, without a lock. A slot that is not makes the kernel print an
/// error, and its caller do nothing.
fn _swap_info_get(slot: usize) -> bool {
    kfn!(_swap_info_get);
    swap_map(slot) != 0
}

/// `__swap_entry_free_locked()`, v6.12. Cluster lock held. Drops an entry, or with `has_cache` SWAP_HAS_CACHE, and
/// returns what is left. With nothing left the byte is SWAP_HAS_CACHE until the slot is really free.
fn __swap_entry_free_locked(slot: usize, has_cache: bool) -> u64 {
    kfn!(__swap_entry_free_locked);
    let byte = swap_map(slot);
    let usage = if has_cache {
        bug_on(byte & SWAP_HAS_CACHE == 0, VmBug::SwapMap);
        if bug(bugs::M_SLOT_FREED) { 0 } else { byte & SWAP_COUNT }
    } else if byte & SWAP_COUNT == SWAP_MAP_SHMEM {
        byte & SWAP_HAS_CACHE
    } else {
        // Nothing stops the count at 0.
        byte.wrapping_sub(1) & SWAP_COUNT | byte & SWAP_HAS_CACHE
    };
    set_swap_map(slot, if usage == 0 { SWAP_HAS_CACHE } else { usage });
    usage
}

/// `free_swap_slot()` with `swap_entry_range_free()`, v6.12: an unused slot is free again.
fn free_swap_slot(slot: usize) {
    kfn!(free_swap_slot);
    lock_cluster();
    bug_on(swap_map(slot) != SWAP_HAS_CACHE, VmBug::SwapMap);
    if bug(bugs::M_SLOT_UNLOCKED) {
        unlock_cluster();
        return set_swap_map(slot, 0);
    }
    set_swap_map(slot, 0);
    unlock_cluster();
}

/// `cluster_swap_free_nr()`, v6.12 (also `__swap_entry_free()`, which is the same for one slot). Returns what is left.
fn cluster_swap_free_nr(slot: usize, has_cache: bool) -> u64 {
    kfn!(cluster_swap_free_nr);
    lock_cluster();
    let usage = __swap_entry_free_locked(slot, has_cache);
    unlock_cluster();
    if usage == 0 {
        free_swap_slot(slot);
    }
    usage
}

/// `swap_free()`, v6.12: a swap entry is gone. Does not look at the swap cache.
pub fn swap_free(slot: usize) {
    kfn!(swap_free);
    if _swap_info_get(slot) {
        cluster_swap_free_nr(slot, false);
    }
}

/// `swapcache_clear()`, v6.12: gives SWAP_HAS_CACHE back after [`swapcache_prepare`].
pub fn swapcache_clear(slot: usize) {
    kfn!(swapcache_clear);
    cluster_swap_free_nr(slot, true);
}

/// `put_swap_folio()`, v6.12: the slot's folio has left the swap cache.
pub fn put_swap_folio(slot: usize) {
    kfn!(put_swap_folio);
    if _swap_info_get(slot) {
        cluster_swap_free_nr(slot, true);
    }
}

/// `__swap_count()`, v6.12: entries for the slot. The caller has the device.
pub fn __swap_count(slot: usize) -> u64 {
    kfn!(__swap_count);
    swap_map(slot) & SWAP_COUNT
}

/// `__swap_count()`, v5.3 to v5.13: the caller need not have the device.
pub fn pinned_swap_count(slot: usize) -> u64 {
    if !get_swap_device() {
        return 0;
    }
    let count = swap_map(slot) & SWAP_COUNT;
    put_swap_device();
    count
}

/// `swap_swapcount()`, v6.12: [`__swap_count`] under the cluster lock.
pub(super) fn swap_swapcount(slot: usize) -> u64 {
    kfn!(swap_swapcount);
    lock_cluster();
    let count = swap_map(slot) & SWAP_COUNT;
    unlock_cluster();
    count
}

/// `vm_swap_full()` (include/linux/swap.h), v6.12, all that is left of `mem_cgroup_swap_full()`: more than half of the
/// slots are in use.
pub fn vm_swap_full() -> bool {
    kfn!(vm_swap_full);
    swap_usage_in_pages() * 2 > SLOTS
}

/// `get_swap_device()`, v6.12: the device stays until [`put_swap_device`]. False: swapoff is past its last entry.
pub fn get_swap_device() -> bool {
    kfn!(get_swap_device);
    swap_users_tryget_live()
}

/// `put_swap_device()`, v6.12.
pub fn put_swap_device() {
    kfn!(put_swap_device);
    swap_users_put();
}

// ----- slots of folios (MM-6.12 10.3) -----

/// `folio_swapcache_freeable()`, v6.12. Folio locked. Left out: hibernation.
fn folio_swapcache_freeable(folio: Folio) -> bool {
    kfn!(folio_swapcache_freeable);
    vm_bug_on_folio(peek_flags(folio) & PG_LOCKED == 0, folio, VmBug::NotLocked);
    folio_test_swapcache(folio) && !folio_test_writeback(folio)
}

/// `folio_swapped()`, v6.12: whether a page table still has an entry for the folio's slot. Folio locked.
fn folio_swapped(folio: Folio) -> bool {
    kfn!(folio_swapped);
    let Some(slot) = folio_swap(folio) else { return false };
    _swap_info_get(slot) && swap_swapcount(slot) != 0
}

/// `folio_free_swap()`, v6.12. Folio locked, the caller holds a reference. True: no page table needed the slot, the
/// folio has left the swap cache and is dirty, being the only copy.
pub fn folio_free_swap(folio: Folio) -> bool {
    kfn!(folio_free_swap);
    if !folio_swapcache_freeable(folio) || folio_swapped(folio) {
        return false;
    }
    delete_from_swap_cache(folio);
    folio_set_dirty(folio);
    true
}

/// `reuse_swap_page()`, v3.13 to v5.17 (ERAS B.F11). Page locked, page-table lock held. True: the page has at most one
/// user, and has left the swap cache for it (unless it is under writeback), dirty. `total` becomes the number of its
/// users, mappings and swap entries. Left out: KSM, devices that want stable pages.
pub fn reuse_swap_page(page: Folio, total: &mut u64) -> bool {
    kfn!(reuse_swap_page);
    vm_bug_on_folio(peek_flags(page) & PG_LOCKED == 0, page, VmBug::NotLocked);
    let mut count = folio_mapcount(page);
    if folio_test_swapcache(page) {
        count += page_swapcount(page);
    }
    *total = count;
    if count == 1 && folio_test_swapcache(page) && !folio_test_writeback(page) {
        delete_from_swap_cache(page);
        folio_set_dirty(page);
    }
    count <= 1
}

/// `page_swapcount()`, v5.0: swap entries for the page's slot. Page locked.
fn page_swapcount(page: Folio) -> u64 {
    kfn!(page_swapcount);
    folio_swap(page).filter(|slot| _swap_info_get(*slot)).map_or(0, swap_swapcount)
}

/// `__try_to_reclaim_swap()`, v6.12: frees a slot only the swap cache uses. `anyway` (TTRS_ANYWAY | TTRS_DIRECT), or
/// else if its folio is unmapped or swap is full (TTRS_UNMAPPED | TTRS_FULL). The slot may be anybody's by the time the
/// folio is locked.
fn __try_to_reclaim_swap(slot: usize, anyway: bool) {
    if kernel() < Kernel::V6_12 {
        return folios_own::__try_to_reclaim_swap(slot, anyway);
    }
    kfn!(__try_to_reclaim_swap);
    let Some(folio) = filemap_get_entry(AddressSpace::SWAP, slot, Owner::Lookup) else { return };
    if folio_trylock(folio) {
        if bug(bugs::M_RECLAIM_PUT) {
            folio_put(folio, Owner::Lookup);
        }
        // The folio may have another slot by now, or none.
        let same = folio_swap(folio) == Some(slot);
        let wanted = same && (anyway || !folio_mapped(folio) || vm_swap_full());
        if wanted && folio_swapcache_freeable(folio) && swap_is_has_cache(slot) {
            reclaim_swap(folio, slot, anyway);
        }
        folio_unlock(folio);
        if bug(bugs::M_RECLAIM_PUT) {
            return;
        }
    }
    folio_put(folio, Owner::Lookup);
}

mod folios_own {
    use super::*;

    /// v6.5, v6.8: frees the slot of the folio, whichever that is by now, if no entry needs it.
    pub fn __try_to_reclaim_swap(slot: usize, anyway: bool) {
        kfn!(__try_to_reclaim_swap);
        let Some(folio) = filemap_get_entry(AddressSpace::SWAP, slot, Owner::Lookup) else { return };
        if folio_trylock(folio) {
            if anyway || !folio_mapped(folio) || vm_swap_full() {
                folio_free_swap(folio);
            }
            folio_unlock(folio);
        }
        folio_put(folio, Owner::Lookup);
    }
}

/// The end of [`__try_to_reclaim_swap`]. Direct: the slot is free at once, and after the swap cache's reference is
/// gone.
fn reclaim_swap(folio: Folio, slot: usize, direct: bool) {
    if !direct {
        delete_from_swap_cache(folio);
        return folio_set_dirty(folio);
    }
    xa_lock_irq(AddressSpace::SWAP);
    __delete_from_swap_cache(folio, slot);
    xa_unlock_irq(AddressSpace::SWAP);
    folio_ref_sub(folio, Owner::SwapCache, 1);
    folio_set_dirty(folio);
    free_swap_slot(slot);
}

/// `swap_is_has_cache()`, v6.12, with the lock its caller takes: no entry is left for the slot.
fn swap_is_has_cache(slot: usize) -> bool {
    kfn!(swap_is_has_cache);
    lock_cluster();
    let only = swap_map(slot) == SWAP_HAS_CACHE;
    unlock_cluster();
    only
}

/// `free_swap_and_cache()` (include/linux/swap.h) with `free_swap_and_cache_nr()`, v6.12: a swap entry is gone, and its
/// folio need not stay in the swap cache for it. Without its entry nothing keeps the slot, nor the device, but the
/// reference (since v6.9).
pub fn free_swap_and_cache(slot: usize) {
    kfn!(free_swap_and_cache);
    let pinned = !bug(bugs::FREE_SWAP_UNPINNED);
    if pinned && !get_swap_device() {
        return;
    }
    let only_cache = _swap_info_get(slot) && cluster_swap_free_nr(slot, false) == SWAP_HAS_CACHE;
    if only_cache && still_only_cache(slot) {
        __try_to_reclaim_swap(slot, false);
    }
    if pinned {
        put_swap_device();
    }
}

/// Whether the slot has no entry by now either: another process may have got one.
fn still_only_cache(slot: usize) -> bool {
    if kernel() >= Kernel::V6_12 { swap_map(slot) == SWAP_HAS_CACHE } else { !swap_page_trans_huge_swapped(slot) }
}

/// `swap_page_trans_huge_swapped()`, v4.14 to v6.11, for a cluster that is not a huge page's: whether the slot has
/// entries.
fn swap_page_trans_huge_swapped(slot: usize) -> bool {
    kfn!(swap_page_trans_huge_swapped);
    lock_cluster();
    let swapped = swap_map(slot) & SWAP_COUNT != 0;
    unlock_cluster();
    swapped
}

// ----- swapoff (MM-6.12 10.10) -----

/// `unuse_pte()`, v6.12. Folio locked and not under writeback, the caller holds a reference. Maps it where the entry
/// still is. Left out: KSM copies, the poison entry for a folio that could not be read (every read succeeds).
fn unuse_pte(vma: Vma, addr: usize, slot: usize, folio: Folio) {
    kfn!(unuse_pte);
    let mm = vma.mm();
    pte_offset_map_lock(mm);
    let old = ptep_get(mm, addr);
    if old.swap_slot() == Some(slot) && folio_test_uptodate(folio) {
        folio_get(folio, Owner::Pte);
        vm_bug_on_folio(peek_flags(folio) & PG_WRITEBACK != 0, folio, VmBug::Writeback);
        if folio_test_anon(folio) {
            folio_add_anon_rmap_pte(folio, vma, addr, old.swap_exclusive());
        } else {
            folio_add_new_anon_rmap(folio, vma, addr, old.swap_exclusive());
        }
        set_pte_at(mm, addr, Pte::present(folio.pfn()), PteWrite::Fault);
        swap_free(slot);
    }
    pte_unmap_unlock(mm);
}

/// `unuse_pte_range()`, v6.12, for a whole VMA. mmap_lock held, the device alive. False: -ENOMEM.
fn unuse_pte_range(vma: Vma) -> bool {
    kfn!(unuse_pte_range);
    let place = vma.place();
    for addr in place.start..place.end {
        let Some(slot) = ptep_get(vma.mm(), addr).swap_slot() else { continue };
        let found = swap_cache_get_folio(slot, Owner::Fault).or_else(|| swapin_readahead(slot));
        let Some(folio) = found else {
            if swap_map(slot) == 0 {
                continue;
            }
            return false;
        };
        folio_lock(folio);
        folio_wait_writeback(folio);
        unuse_pte(vma, addr, slot, folio);
        folio_free_swap(folio);
        folio_unlock(folio);
        folio_put(folio, Owner::Fault);
    }
    true
}

/// `unuse_mm()`, v6.12: brings in every page of the process that is swapped out. The caller holds `mm_users`. False:
/// -ENOMEM.
fn unuse_mm(mm: Mm) -> bool {
    kfn!(unuse_mm);
    mmap_read_lock(mm);
    let done = mm.vmas().all(|vma| vma.anon_vma().is_none() || unuse_pte_range(vma));
    mmap_read_unlock(mm);
    done
}

/// The walk of `try_to_unuse()` over every process. False: -ENOMEM.
fn unuse_mms() -> bool {
    for mm in (0..MMS).map(|i| Mm(i as u8)) {
        if swap_usage_in_pages() == 0 {
            break;
        }
        if !mm.mmget_not_zero() {
            continue;
        }
        let done = unuse_mm(mm);
        mmput(mm);
        if !done {
            return false;
        }
    }
    true
}

/// The walk of `try_to_unuse()` over slots that only the swap cache uses.
fn unuse_cached() {
    for slot in 0..SLOTS {
        if swap_map(slot) == 0 {
            continue;
        }
        let Some(folio) = filemap_get_entry(AddressSpace::SWAP, slot, Owner::Lookup) else { continue };
        if bug(bugs::M_LOCK_AFTER_PUT) {
            folio_put(folio, Owner::Lookup);
        }
        folio_lock(folio);
        folio_wait_writeback(folio);
        folio_free_swap(folio);
        folio_unlock(folio);
        folio_put(folio, Owner::Lookup);
    }
}

/// `try_to_unuse()`, v6.12: until no slot is in use. No slot is given out meanwhile. False: no frame for a page, or the
/// task was killed.
fn try_to_unuse() -> bool {
    kfn!(try_to_unuse);
    while swap_usage_in_pages() != 0 {
        if !shmem_unuse() || !unuse_mms() {
            return false;
        }
        unuse_cached();
        if swap_usage_in_pages() == 0 {
            break;
        }
        // An entry on its way into a page table behind the walk, or a slot on its way back: look again.
        if fatal_signal_pending() {
            return false;
        }
        wait_for_any_swap_slot();
    }
    true
}

/// Clears SWP_WRITEOK, so that nobody gets a slot any more. False: it was clear.
fn del_from_avail_list() -> bool {
    lock_cluster();
    let on = swap_writeok();
    if on {
        set_swap_writeok(false);
    }
    unlock_cluster();
    on
}

/// `reinsert_swap_info()`, v6.12: swapoff failed.
fn reinsert_swap_info() {
    kfn!(reinsert_swap_info);
    lock_cluster();
    set_swap_writeok(true);
    unlock_cluster();
}

/// `sys_swapoff()`, v6.12. Off stays off; a device that is off, or on its way, is left alone. Once nobody can have the
/// device any more, the map, the swap cache's trees and the file are gone.
pub fn swapoff() {
    kfn!(swapoff);
    if !del_from_avail_list() {
        return;
    }
    if !try_to_unuse() {
        return reinsert_swap_info();
    }
    swap_users_kill();
    synchronize_rcu();
    wait_for_swap_users();
    wait_for_swap_scanners();
    free_swap_info();
}
