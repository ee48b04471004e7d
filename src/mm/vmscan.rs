//! `mm/vmscan.c`: taking folios off the LRU and giving them back, removing a folio from its mapping, and reclaim.

mod pages;
mod scan;
mod shrink;

pub use scan::{balance_pgdat, reclaim_pages, try_to_free_pages};

use super::swap::{folio_add_lru, folio_put, relock, unlock};
use super::swap_state::__delete_from_swap_cache;
use super::swapfile::put_swap_folio;
use super::{bug, filemap, kernel};
use crate::bugs;
use crate::kfn;
use crate::linux::mm_inline::*;
use crate::linux::mm_types::{AddressSpace, Folio};
use crate::linux::mmdebug::{peek_flags, vm_bug_on_folio};
use crate::linux::page_flags::*;
use crate::linux::page_ref::*;
use crate::linux::pagemap::*;
use crate::linux::pagevec::FolioBatch;
use crate::linux::rcupdate::{rcu_read_lock, rcu_read_unlock};
use crate::linux::spinlock::*;
use crate::linux::xarray::{xa_lock_irq, xa_unlock_irq};
use crate::machine::m;
use crate::vocab::*;

/// `folio_evictable()` (mm/internal.h), v6.12; `page_evictable()` (mm/vmscan.c) before. The RCU section keeps the
/// address_space's memory valid; before v4.17 it was missing (fix e92bb4dd9673).
pub fn folio_evictable(folio: Folio) -> bool {
    if kernel().has_folios() { evictable::folio_evictable(folio) } else { evictable::page_evictable(folio) }
}

mod evictable {
    use super::*;

    pub fn folio_evictable(folio: Folio) -> bool {
        kfn!(folio_evictable);
        rcu_read_lock();
        let evictable = test(folio);
        rcu_read_unlock();
        evictable
    }

    pub fn page_evictable(folio: Folio) -> bool {
        kfn!(page_evictable);
        let protect = !bug(bugs::A7);
        if protect {
            rcu_read_lock();
        }
        let evictable = test(folio);
        if protect {
            rcu_read_unlock();
        }
        evictable
    }

    fn test(folio: Folio) -> bool {
        let mapping = folio_mapping(folio);
        if bug(bugs::OPEN_SWAPCACHE) && mapping.is_some_and(AddressSpace::is_swap) {
            // Which swap space it is was computed from `folio->swap`, read just now.
            let no_entry = m().peek(folio.obj(Field::Private)) == 0;
            vm_bug_on_folio(no_entry, folio, VmBug::SwapCache);
        }
        let unevictable = mapping.is_some_and(mapping_unevictable);
        !unevictable && !folio_test_mlocked(folio)
    }
}

// ----- removal from the mapping (MM-6.12 5.7) -----

/// `workingset_eviction()` (mm/workingset.c), v6.12: only its checks. i_pages held, folio frozen. Left out: what the
/// shadow says.
fn workingset_eviction(folio: Folio) {
    kfn!(workingset_eviction);
    vm_bug_on_folio(peek_flags(folio) & PG_LRU != 0, folio, VmBug::LruSet);
    vm_bug_on_folio(m().peek(folio.obj(Field::Refcount)) != 0, folio, VmBug::RefZero);
    vm_bug_on_folio(peek_flags(folio) & PG_LOCKED == 0, folio, VmBug::NotLocked);
}

/// Whether `folio_mapping()` differs from `mapping`, as the kernel's assertion sees it.
fn elsewhere(mapping: AddressSpace, folio: Folio) -> bool {
    let both = PG_SWAPCACHE | PG_SWAPBACKED;
    if mapping.is_swap() {
        return peek_flags(folio) & both != both;
    }
    let word = m().peek(folio.obj(Field::FolioMapping));
    as_file_mapping(word).is_none_or(|(of_folio, _)| of_folio != mapping.index as usize)
}

/// Whose reference `mapping` has.
fn cache_owner(mapping: AddressSpace) -> Owner {
    if mapping.is_swap() { Owner::SwapCache } else { Owner::PageCache }
}

/// `__remove_mapping()`, v6.12. Folio locked, unmapped, in `mapping`; the caller holds exactly one reference. True:
/// removed, with the folio **frozen at 0**. `reclaimed`: a shadow takes a file folio's place, unless the file is going.
/// Left out: shadows in the swap cache, memcg, the inode LRU, calling `a_ops->free_folio`.
fn __remove_mapping(mapping: AddressSpace, folio: Folio, reclaimed: bool) -> bool {
    kfn!(__remove_mapping);
    vm_bug_on_folio(peek_flags(folio) & PG_LOCKED == 0, folio, VmBug::NotLocked);
    vm_bug_on_folio(elsewhere(mapping, folio), folio, VmBug::WrongMapping);
    if mapping.is_swap() {
        return remove_from_swap_cache(folio, reclaimed);
    }
    if kernel().has_folios() {
        spin_lock(SpinLock::i_lock(mapping));
    }
    xa_lock_irq(mapping);
    let removed = freeze_clean(folio);
    if removed {
        // Sampled before the locks go: afterwards nothing pins the mapping.
        let _free_folio = mapping_aops(mapping) & AOPS_FREE_FOLIO;
        let exiting = mapping_exiting(mapping) && !bug(bugs::M_SHADOW_EXITING);
        // Shadow entries came with v3.15.
        let shadow = reclaimed && folio_is_file_lru(folio) && !exiting && kernel() > Kernel::V3_13;
        if shadow {
            workingset_eviction(folio);
        }
        filemap::__filemap_remove_folio(mapping, folio, shadow);
    }
    xa_unlock_irq(mapping);
    if kernel().has_folios() {
        spin_unlock(SpinLock::i_lock(mapping));
    }
    removed
}

/// The swap-cache half of `__remove_mapping()`. The slot goes back once the tree lock is dropped.
fn remove_from_swap_cache(folio: Folio, reclaimed: bool) -> bool {
    let mapping = AddressSpace::SWAP;
    xa_lock_irq(mapping);
    if !freeze_clean(folio) {
        xa_unlock_irq(mapping);
        return false;
    }
    let slot = folio_swap(folio);
    if reclaimed && !mapping_exiting(mapping) {
        workingset_eviction(folio);
    }
    if let Some(slot) = slot {
        __delete_from_swap_cache(folio, slot);
    }
    if let Some(slot) = slot.filter(|_| bug(bugs::M_SLOT_UNDER_TREE)) {
        put_swap_folio(slot);
    }
    xa_unlock_irq(mapping);
    if let Some(slot) = slot.filter(|_| !bug(bugs::M_SLOT_UNDER_TREE)) {
        put_swap_folio(slot);
    }
    true
}

/// Freezes the caller's and the cache's reference, unless the folio is dirty. The order matters: whoever dirties and
/// then drops a reference is seen by one of the two tests.
fn freeze_clean(folio: Folio) -> bool {
    const EXPECTED: u64 = 1 + 1;
    let expected = if bug(bugs::M_FREEZE) { folio_ref_count(folio) } else { EXPECTED };
    if !folio_ref_freeze(folio, expected) {
        return false;
    }
    if folio_test_dirty(folio) {
        folio_ref_unfreeze(folio, EXPECTED);
        return false;
    }
    true
}

/// `remove_mapping()`, v6.12. As [`__remove_mapping`], but the caller keeps its one reference.
pub fn remove_mapping(mapping: AddressSpace, folio: Folio) -> bool {
    kfn!(remove_mapping);
    let removed = __remove_mapping(mapping, folio, false);
    if removed {
        folio_ref_discard(folio, cache_owner(mapping));
        folio_ref_unfreeze(folio, 1);
    }
    removed
}

// ----- isolation and putback (MM-6.12 5.6) -----

/// `folio_putback_lru()`, v5.0 to v6.12: back to the LRU by way of this CPU's batch; drops the isolation reference.
pub fn folio_putback_lru(folio: Folio) {
    kfn!(folio_putback_lru);
    folio_add_lru(folio);
    folio_put(folio, Owner::Isolation);
}

/// `putback_lru_page()`, v3.13 to v4.15 (ERAS P9): decides evictability itself. Drops the isolation reference.
pub fn putback_lru_page(folio: Folio) {
    kfn!(putback_lru_page);
    vm_bug_on_folio(peek_flags(folio) & PG_LRU != 0, folio, VmBug::LruSet);
    loop {
        folio_clear_unevictable(folio);
        if folio_evictable(folio) {
            folio_add_lru(folio);
            break;
        }
        add_page_to_unevictable_list(folio);
        // The mapping may have become evictable, or gone, while the page was filed as unevictable.
        if bug(bugs::C_V8) || !folio_evictable(folio) || !isolate_lru_page(folio) {
            break;
        }
        folio_put(folio, Owner::Isolation); // the second isolation's
    }
    folio_put(folio, Owner::Isolation);
}

/// `add_page_to_unevictable_list()`, up to v4.15.
pub(super) fn add_page_to_unevictable_list(folio: Folio) {
    kfn!(add_page_to_unevictable_list);
    spin_lock_irq(LRUVEC_LOCK);
    folio_clear_active(folio);
    folio_set_unevictable(folio);
    folio_set_lru(folio);
    lruvec_add_folio(folio);
    spin_unlock_irq(LRUVEC_LOCK);
}

/// `isolate_lru_page()`, up to v5.10 (ERAS P7). The caller holds a reference. True: off the LRU, with an isolation
/// reference.
pub fn isolate_lru_page(folio: Folio) -> bool {
    kfn!(isolate_lru_page);
    vm_bug_on_ref_zero(folio);
    if !folio_test_lru(folio) {
        return false;
    }
    spin_lock_irq(LRUVEC_LOCK);
    let isolate = folio_test_lru(folio);
    if isolate {
        folio_get(folio, Owner::Isolation);
        folio_clear_lru(folio);
        lruvec_del_folio(folio);
    }
    spin_unlock_irq(LRUVEC_LOCK);
    isolate
}

/// `folio_isolate_lru()`, v5.11 to v6.12. The caller holds a reference and not the lru_lock. True: off the LRU, with an
/// isolation reference; PG_active and PG_unevictable are the isolator's now.
pub fn folio_isolate_lru(folio: Folio) -> bool {
    if !kernel().has_folios() {
        return isolate_lru_page(folio);
    }
    kfn!(folio_isolate_lru);
    if !take_and_clear_lru(folio) {
        return false;
    }
    if bug(bugs::M_ISOLATE_UNLOCKED) {
        lruvec_del_folio(folio);
        return true;
    }
    spin_lock_irq(LRUVEC_LOCK);
    lruvec_del_folio(folio);
    spin_unlock_irq(LRUVEC_LOCK);
    true
}

/// The first half of `folio_isolate_lru()`: PG_lru first, then the reference, which the caller's own hold makes safe.
/// In the other order if the claim of 2024 was right that there may be none.
fn take_and_clear_lru(folio: Folio) -> bool {
    let early = bug(bugs::D_GET_FIRST) || bug(bugs::D_TRY_GET_FIRST);
    if bug(bugs::D_TRY_GET_FIRST) {
        if !folio_try_get(folio, Owner::Isolation) {
            return false;
        }
    } else {
        vm_bug_on_ref_zero(folio);
    }
    if bug(bugs::D_GET_FIRST) {
        folio_get(folio, Owner::Isolation);
    }
    let won = folio_test_clear_lru(folio);
    if won && !early {
        folio_get(folio, Owner::Isolation);
    } else if !won && early {
        folio_put(folio, Owner::Isolation);
    }
    won
}

/// Why `__isolate_lru_page()` left a page alone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum IsolateError {
    /// -EINVAL
    Invalid,
    /// -EBUSY
    Busy,
}

/// `ISOLATE_ASYNC_MIGRATE`: only pages that asynchronous migration could move.
pub const ISOLATE_ASYNC_MIGRATE: u8 = 1;
/// `ISOLATE_UNEVICTABLE`
pub const ISOLATE_UNEVICTABLE: u8 = 2;

/// `__isolate_lru_page()`, v4.14/v4.15 (ERAS A.F4). lru_lock held with interrupts off, no reference. Ok: PG_lru
/// cleared, with an isolation reference. Left out: ISOLATE_UNMAPPED.
pub fn __isolate_lru_page(folio: Folio, mode: u8) -> Result<(), IsolateError> {
    kfn!(__isolate_lru_page);
    if !folio_test_lru(folio) {
        return Err(IsolateError::Invalid);
    }
    if folio_test_unevictable(folio) && mode & ISOLATE_UNEVICTABLE == 0 {
        return Err(IsolateError::Invalid);
    }
    if mode & ISOLATE_ASYNC_MIGRATE != 0 {
        if folio_test_writeback(folio) {
            return Err(IsolateError::Busy);
        }
        if folio_test_dirty(folio) && !migratable_without_blocking(folio) {
            return Err(IsolateError::Busy);
        }
    }
    if !folio_try_get(folio, Owner::Isolation) {
        return Err(IsolateError::Busy);
    }
    folio_clear_lru(folio);
    Ok(())
}

/// The mapping test of `__isolate_lru_page()` for a dirty page. Fixed by 69d763fc6d3a (v4.16: under the page lock) and
/// 145e1a71e090 (v4.17: pages without a mapping are migratable).
fn migratable_without_blocking(folio: Folio) -> bool {
    let has_callback = |mapping| mapping_aops(mapping) & AOPS_MIGRATE_FOLIO != 0;
    if bug(bugs::A0) {
        return folio_mapping(folio).is_none_or(has_callback);
    }
    if !folio_trylock(folio) {
        return false;
    }
    let mapping = folio_mapping(folio);
    let migratable = if bug(bugs::A1) { mapping.is_some_and(has_callback) } else { mapping.is_none_or(has_callback) };
    filemap::folio_unlock(folio);
    migratable
}

/// `check_move_unevictable_folios()`, v6.12: the mapping of these folios has become evictable. The caller holds a
/// reference on each.
pub fn check_move_unevictable_folios(fbatch: &FolioBatch) {
    kfn!(check_move_unevictable_folios);
    let mut locked = false;
    for folio in fbatch.folios() {
        if !folio_test_clear_lru(folio) {
            continue;
        }
        relock(&mut locked);
        if folio_evictable(folio) && folio_test_unevictable(folio) {
            lruvec_del_folio(folio);
            folio_clear_unevictable(folio);
            lruvec_add_folio(folio);
        }
        folio_set_lru(folio);
    }
    unlock(locked);
}

/// `shrink_inactive_list()` of direct reclaim.
pub fn shrink_inactive_list(list: usize) {
    scan::shrink_inactive_list(list, scan::ScanControl::DIRECT);
}

/// `shrink_active_list()` of direct reclaim; `strip`: there are more buffers than the system wants.
pub fn shrink_active_list(list: usize, strip: bool) {
    scan::shrink_active_list(list, scan::ScanControl { strip, ..scan::ScanControl::DIRECT });
}
