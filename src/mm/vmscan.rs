//! `mm/vmscan.c`: taking folios off the LRU and giving them back, and removing a folio from its mapping.
//!
//! `shrink_folio_list` is left out: what reclaim isolates goes back.

use super::swap::{__folio_clear_lru_flags, folio_add_lru, folio_put};
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
        let unevictable = folio_mapping(folio).is_some_and(mapping_unevictable);
        !unevictable && !folio_test_mlocked(folio)
    }
}

// ----- removal from the mapping (MM-6.12 5.7) -----

/// `__remove_mapping()`, v6.12. Folio locked, unmapped, in `mapping`; the caller holds exactly one reference. True:
/// removed, with the folio **frozen at 0**. Left out: swap cache, shadows, memcg, the
/// inode LRU, calling `a_ops->free_folio`.
fn __remove_mapping(mapping: AddressSpace, folio: Folio) -> bool {
    kfn!(__remove_mapping);
    vm_bug_on_folio(peek_flags(folio) & PG_LOCKED == 0, folio, VmBug::NotLocked);
    let word = m().peek(folio.obj(Field::FolioMapping));
    let elsewhere = as_file_mapping(word).is_none_or(|(of_folio, _)| of_folio != mapping.index as usize);
    vm_bug_on_folio(elsewhere, folio, VmBug::WrongMapping);
    if kernel().has_folios() {
        spin_lock(SpinLock::i_lock(mapping));
    }
    xa_lock_irq(mapping);
    let removed = freeze_clean(folio);
    if removed {
        // Sampled before the locks go: afterwards nothing pins the mapping.
        let _free_folio = mapping_aops(mapping) & AOPS_FREE_FOLIO;
        filemap::__filemap_remove_folio(mapping, folio);
    }
    xa_unlock_irq(mapping);
    if kernel().has_folios() {
        spin_unlock(SpinLock::i_lock(mapping));
    }
    removed
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
    let removed = __remove_mapping(mapping, folio);
    if removed {
        folio_ref_discard(folio, Owner::PageCache);
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
        if !folio_evictable(folio) || !isolate_lru_page(folio) {
            break;
        }
        folio_put(folio, Owner::Isolation); // the second isolation's
    }
    folio_put(folio, Owner::Isolation);
}

/// `add_page_to_unevictable_list()`, up to v4.15.
fn add_page_to_unevictable_list(folio: Folio) {
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
    vm_bug_on_ref_zero(folio);
    if !folio_test_clear_lru(folio) {
        return false;
    }
    folio_get(folio, Owner::Isolation);
    spin_lock_irq(LRUVEC_LOCK);
    lruvec_del_folio(folio);
    spin_unlock_irq(LRUVEC_LOCK);
    true
}

/// `isolate_lru_folios()`, v5.11 to v6.12. lru_lock held, no references. Takes folios from the tail of `list` to
/// `taken`; what cannot be taken is rotated to the front. Left out: zones, may_unmap.
fn isolate_lru_folios(list: usize, taken: &mut FolioBatch) {
    kfn!(isolate_lru_folios);
    for pfn in lruvec_list(list).iter().rev() {
        let folio = Folio(pfn as u8);
        if !folio_test_lru(folio) || !folio_try_get(folio, Owner::Isolation) {
            lruvec_rotate(folio, list);
            continue;
        }
        let won = if bug(bugs::M_LRU_TEST) { folio_test_lru(folio) } else { folio_test_clear_lru(folio) };
        if !won {
            folio_put(folio, Owner::Isolation); // not the last: the winner of the flag holds one
            lruvec_rotate(folio, list);
            continue;
        }
        lruvec_isolate(folio, list);
        taken.add(folio, 0);
    }
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

/// `isolate_lru_pages()`, v4.14/v4.15 (ERAS A.F5). lru_lock held. Busy pages are rotated.
fn isolate_lru_pages(list: usize, taken: &mut FolioBatch) {
    kfn!(isolate_lru_pages);
    for pfn in lruvec_list(list).iter().rev() {
        let folio = Folio(pfn as u8);
        vm_bug_on_folio(peek_flags(folio) & PG_LRU == 0, folio, VmBug::LruClear);
        match __isolate_lru_page(folio, 0) {
            Ok(()) => {
                lruvec_isolate(folio, list);
                taken.add(folio, 0);
            }
            Err(IsolateError::Busy) => lruvec_rotate(folio, list),
            Err(IsolateError::Invalid) => vm_bug_on_folio(true, folio, VmBug::LruClear), // BUG()
        }
    }
}

/// `move_folios_to_lru()`, v6.12 (`putback_inactive_pages()` in v4.15). lru_lock held on entry and exit; drops the
/// isolation references. A folio whose last reference this was is freed; it was never linked again (v4.15 linked it
/// first and took it off again).
fn move_folios_to_lru(taken: &FolioBatch) {
    kfn!(move_folios_to_lru);
    let link_first = !kernel().has_folios();
    let mut free = FolioBatch::new();
    for folio in taken.folios() {
        vm_bug_on_folio(peek_flags(folio) & PG_LRU != 0, folio, VmBug::LruSet);
        private_list_del(folio);
        if !folio_evictable(folio) {
            spin_unlock_irq(LRUVEC_LOCK);
            if link_first {
                putback_lru_page(folio)
            } else {
                folio_putback_lru(folio)
            }
            spin_lock_irq(LRUVEC_LOCK);
            continue;
        }
        // Set before the put: whoever drops the last reference from now on must wait for the lru_lock.
        folio_set_lru(folio);
        if link_first {
            lruvec_add_folio(folio);
        }
        if folio_put_testzero(folio, Owner::Isolation) {
            if link_first {
                lruvec_del_folio(folio);
            }
            __folio_clear_lru_flags(folio);
            free.add(folio, 0);
        } else if !link_first {
            lruvec_add_folio(folio);
        }
    }
    if free.count() != 0 {
        spin_unlock_irq(LRUVEC_LOCK);
        for folio in free.folios() {
            super::page_alloc::free_unref_page(folio);
        }
        spin_lock_irq(LRUVEC_LOCK);
    }
}

/// `shrink_inactive_list()`, v4.14 to v6.12, without `shrink_folio_list`: isolates from the tail of one list and moves
/// everything back.
pub fn shrink_inactive_list(list: usize) {
    kfn!(shrink_inactive_list);
    super::swap::lru_add_drain();
    let mut taken = FolioBatch::new();
    spin_lock_irq(LRUVEC_LOCK);
    if kernel().has_folios() {
        isolate_lru_folios(list, &mut taken);
    } else {
        isolate_lru_pages(list, &mut taken);
    }
    spin_unlock_irq(LRUVEC_LOCK);
    if taken.count() == 0 {
        return;
    }
    spin_lock_irq(LRUVEC_LOCK);
    move_folios_to_lru(&taken);
    spin_unlock_irq(LRUVEC_LOCK);
}

pub fn reclaim_pages(_list: &FolioBatch) {
    todo!()
}

pub fn shrink_active_list(_list: usize) {
    todo!()
}

pub fn check_move_unevictable_folios(_fbatch: &FolioBatch) {
    todo!()
}

pub fn balance_pgdat() {
    todo!()
}
