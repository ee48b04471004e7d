//! `mm/memory.c`: faults on swap and migration entries (MM-6.12 10.5).

use super::wp::do_wp_page;
use super::{lock_pte_same, locked_vm_flags, maybe_mkwrite, mk_pte};
use crate::bugs;
use crate::kfn;
use crate::linux::fault::*;
use crate::linux::mm_types::*;
use crate::linux::mmdebug::{peek_flags, vm_bug_on_folio};
use crate::linux::page_flags::*;
use crate::linux::page_ref::*;
use crate::linux::pagemap::*;
use crate::linux::pgtable::*;
use crate::linux::sched::might_sleep;
use crate::linux::swap_info::{synchronous_io, wait_for_swap_slot};
use crate::mm::filemap::{__folio_lock_or_retry, folio_unlock};
use crate::mm::migrate::migration_entry_wait;
use crate::mm::page_alloc::folio_alloc;
use crate::mm::page_io::swap_read_folio;
use crate::mm::rmap::{folio_add_anon_rmap_pte, folio_add_new_anon_rmap};
use crate::mm::swap::{folio_add_lru, folio_put, lru_add_drain};
use crate::mm::swap_state::{lookup_swap_cache, swap_cache_get_folio, swapin_readahead};
use crate::mm::swapfile::*;
use crate::mm::{bug, kernel};
use crate::vocab::*;

/// What the swap-in without the swap cache came to.
enum Direct {
    /// Read, with a fault reference.
    Folio(Folio),
    NoMemory,
    /// Somebody else is busy with the slot.
    BackOff,
}

/// `folio_lock_or_retry()` (include/linux/pagemap.h), v6.12. mmap_lock held; false: it has been dropped, and the folio
/// is not locked.
fn folio_lock_or_retry(folio: Folio, vmf: &VmFaultInfo) -> bool {
    kfn!(folio_lock_or_retry);
    might_sleep();
    folio_trylock(folio) || __folio_lock_or_retry(folio, vmf)
}

/// `do_swap_page()`, v6.12. mmap_lock held; the entry was neither none nor present. Left out: KSM, device and poisoned
/// pages, memcg, throttling, SWP_STABLE_WRITES.
pub(super) fn do_swap_page(vmf: &mut VmFaultInfo) -> VmFault {
    kfn!(do_swap_page);
    if vmf.orig_pte.migration_pfn().is_some() {
        migration_entry_wait(vmf.mm(), vmf.addr);
        return VmFault::Done;
    }
    let Some(slot) = vmf.orig_pte.swap_slot() else { return VmFault::Sigbus };
    let pinned = !bug(bugs::DIRECT_UNPINNED);
    if pinned && !get_swap_device() {
        return VmFault::Done;
    }
    let mut need_clear_cache = false;
    let ret = swap_in(vmf, slot, &mut need_clear_cache);
    if need_clear_cache && !bug(bugs::SWAPIN_DIRECT) && !bug(bugs::M_SLOT_NOT_CLEARED) {
        swapcache_clear(slot);
    }
    if pinned {
        put_swap_device();
    }
    ret
}

/// Finds or reads the folio, locks it, and maps it. The swap device is pinned (or, v5.3 to v5.13, each step pins it
/// for itself, and the direct swap-in does not).
fn swap_in(vmf: &mut VmFaultInfo, slot: usize, need_clear_cache: &mut bool) -> VmFault {
    let unpinned = bug(bugs::DIRECT_UNPINNED);
    let mut swapcache = if unpinned { lookup_swap_cache(slot) } else { swap_cache_get_folio(slot, Owner::Fault) };
    let mut found = swapcache;
    let count = if unpinned { pinned_swap_count } else { __swap_count };
    if found.is_none() && synchronous_io(slot) && count(slot) == 1 {
        match swap_in_directly(slot, need_clear_cache) {
            Direct::Folio(folio) => found = Some(folio),
            Direct::NoMemory => {}
            Direct::BackOff => return VmFault::Done,
        }
    } else if found.is_none() {
        swapcache = swapin_readahead(slot);
        found = swapcache;
    }
    let Some(folio) = found else { return no_folio(vmf) };
    if !folio_lock_or_retry(folio, vmf) {
        folio_put(folio, Owner::Fault);
        return VmFault::Retry;
    }
    if swapcache.is_some() {
        // It may have left the swap cache before it was locked.
        let looks = !bug(bugs::SWAPIN_NO_RECHECK);
        if looks && (!folio_test_swapcache(folio) || folio_swap(folio) != Some(slot)) {
            return out_page(folio, VmFault::Done);
        }
        if vmf.write && !folio_test_lru(folio) {
            // This CPU's batch may have a reference.
            lru_add_drain();
        }
    }
    map_swapped_in(vmf, slot, folio, swapcache.is_some())
}

/// The swap-in of a slot with a single user from a synchronous device: the folio never enters the swap cache, whose
/// flag in the swap map keeps others out until the entry is replaced; that was missing before v6.8 (fix 13ddaf26be32).
/// v6.8 sets the flag before it allocates.
fn swap_in_directly(slot: usize, need_clear_cache: &mut bool) -> Direct {
    let mut prepare = || {
        *need_clear_cache = bug(bugs::SWAPIN_DIRECT) || swapcache_prepare(slot).is_ok();
        if !*need_clear_cache {
            wait_for_swap_slot(slot);
        }
        *need_clear_cache
    };
    let early = kernel() <= Kernel::V6_8;
    if early && !prepare() {
        return Direct::BackOff;
    }
    let Some(folio) = folio_alloc() else { return Direct::NoMemory };
    folio_ref_transfer(folio, Owner::Alloc, Owner::Fault);
    __folio_set_locked(folio);
    __folio_set_swapbacked(folio);
    if !early && !prepare() {
        folio_unlock(folio);
        folio_put(folio, Owner::Fault);
        return Direct::BackOff;
    }
    folio_add_lru(folio);
    folio_set_swap(folio, Some(slot));
    swap_read_folio(folio);
    folio_set_swap(folio, None);
    Direct::Folio(folio)
}

/// No folio could be had: out of memory, unless somebody else has dealt with the fault.
fn no_folio(vmf: &VmFaultInfo) -> VmFault {
    let same = lock_pte_same(vmf);
    pte_unmap_unlock(vmf.mm());
    if same { VmFault::Oom } else { VmFault::Done }
}

fn out_page(folio: Folio, ret: VmFault) -> VmFault {
    folio_unlock(folio);
    folio_put(folio, Owner::Fault);
    ret
}

/// The part under the page-table lock. The folio is locked and unlocked on return; its fault reference becomes the
/// entry's.
fn map_swapped_in(vmf: &mut VmFaultInfo, slot: usize, folio: Folio, swapcache: bool) -> VmFault {
    let (vma, mm, addr) = (vmf.vma, vmf.mm(), vmf.addr);
    if !lock_pte_same(vmf) {
        pte_unmap_unlock(mm);
        return out_page(folio, VmFault::Done);
    }
    if !folio_test_uptodate(folio) {
        pte_unmap_unlock(mm);
        return out_page(folio, VmFault::Sigbus);
    }
    if !kernel().has_folios() {
        return map_swapped_in_page(vmf, slot, folio);
    }
    vm_bug_on_folio(peek_flags(folio) & PG_ANON_EXCLUSIVE != 0, folio, VmBug::Exclusive);
    // A folio that never was in the swap cache is nobody else's.
    let mut exclusive = !swapcache || vmf.orig_pte.swap_exclusive();
    swap_free(slot);
    if bug(bugs::M_SWAPIN_PUT) {
        folio_put(folio, Owner::Fault);
    }
    if should_try_to_free_swap(folio, vmf) {
        folio_free_swap(folio);
    }
    let mut pte = mk_pte(folio, vma);
    exclusive = exclusive || folio_ref_count(folio) == 1;
    if exclusive && locked_vm_flags(vma) & VM_WRITE != 0 {
        pte = pte.mkwrite();
        if vmf.write {
            pte = pte.mkdirty();
            vmf.write = false;
        }
    }
    vmf.orig_pte = pte;
    let early = bug(bugs::ENTRY_BEFORE_RMAP);
    if early {
        folio_ref_transfer(folio, Owner::Fault, Owner::Pte);
        set_pte_at(mm, addr, pte, PteWrite::Fault);
    }
    if folio_test_anon(folio) {
        folio_add_anon_rmap_pte(folio, vma, addr, exclusive);
    } else {
        folio_add_new_anon_rmap(folio, vma, addr, exclusive);
    }
    let shared = peek_flags(folio) & PG_ANON_EXCLUSIVE == 0;
    vm_bug_on_folio(pte.is_writable() && shared, folio, VmBug::NotExclusive);
    if !early {
        folio_ref_transfer(folio, Owner::Fault, Owner::Pte);
        set_pte_at(mm, addr, pte, PteWrite::Fault);
    }
    folio_unlock(folio);
    if vmf.write {
        return do_wp_page(vmf);
    }
    pte_unmap_unlock(mm);
    VmFault::Done
}

/// The end of `do_swap_page()` before folios, under the page-table lock; as [`map_swapped_in`]. The entry is set before
/// the mapping is counted. Left out: activating the page.
fn map_swapped_in_page(vmf: &mut VmFaultInfo, slot: usize, page: Folio) -> VmFault {
    let (vma, mm, addr) = (vmf.vma, vmf.mm(), vmf.addr);
    let mut pte = mk_pte(page, vma);
    let mut exclusive = false;
    let mut total = 0;
    if vmf.write && reuse_swap_page(page, &mut total) {
        pte = maybe_mkwrite(pte.mkdirty(), vma);
        vmf.write = false;
        exclusive = true;
    }
    folio_ref_transfer(page, Owner::Fault, Owner::Pte);
    set_pte_at(mm, addr, pte, PteWrite::Fault);
    vmf.orig_pte = pte;
    if folio_test_anon(page) {
        folio_add_anon_rmap_pte(page, vma, addr, exclusive);
    } else {
        folio_add_new_anon_rmap(page, vma, addr, exclusive);
    }
    swap_free(slot);
    if vm_swap_full() || locked_vm_flags(vma) & VM_LOCKED != 0 || folio_test_mlocked(page) {
        folio_free_swap(page);
    }
    folio_unlock(page);
    if vmf.write {
        return do_wp_page(vmf);
    }
    pte_unmap_unlock(mm);
    VmFault::Done
}

/// `should_try_to_free_swap()`, v6.12 (MM-6.12 F8). Folio locked, mmap_lock held. Left out: memcg, KSM.
fn should_try_to_free_swap(folio: Folio, vmf: &VmFaultInfo) -> bool {
    kfn!(should_try_to_free_swap);
    if !folio_test_swapcache(folio) {
        return false;
    }
    if vm_swap_full() || locked_vm_flags(vmf.vma) & VM_LOCKED != 0 || folio_test_mlocked(folio) {
        return true;
    }
    // The fault's reference and the swap cache's: this will be the only user.
    vmf.write && folio_ref_count(folio) == 2
}
