//! Scanning the lists of the lruvec: isolation from the tail, and what reclaim leaves goes back.

use super::pages::shrink_page_list;
use super::shrink::shrink_folio_list;
use super::{__isolate_lru_page, IsolateError, folio_evictable, folio_putback_lru};
use crate::bugs;
use crate::kfn;
use crate::linux::mm_inline::*;
use crate::linux::mm_types::Folio;
use crate::linux::mmdebug::{peek_flags, vm_bug_on_folio};
use crate::linux::page_flags::*;
use crate::linux::page_ref::*;
use crate::linux::pagemap::{folio_mapped, folio_trylock};
use crate::linux::pagevec::FolioBatch;
use crate::linux::spinlock::{spin_lock_irq, spin_unlock_irq};
use crate::mm::filemap::{filemap_release_folio, folio_unlock};
use crate::mm::fs_buffer::try_to_free_known_buffers;
use crate::mm::migrate::putback_lru;
use crate::mm::page_alloc::{free_unref_folios, free_unref_page_list, list_add_dead};
use crate::mm::rmap::folio_referenced;
use crate::mm::swap::{__folio_clear_lru_flags, folio_put, lru_add_drain};
use crate::mm::{bug, kernel};
use crate::vocab::*;

/// `struct scan_control`: on whose behalf a scan runs. Every scan may swap and may enter the file system.
#[derive(Clone, Copy)]
pub(super) struct ScanControl {
    /// `current_is_kswapd()`.
    pub kswapd: bool,
    pub may_unmap: bool,
    pub may_writepage: bool,
    /// `buffer_heads_over_limit`.
    pub strip: bool,
}

impl ScanControl {
    /// Direct reclaim, and `reclaim_folio_list()`.
    pub const DIRECT: ScanControl = ScanControl { kswapd: false, may_unmap: true, may_writepage: true, strip: false };
    pub const KSWAPD: ScanControl = ScanControl { kswapd: true, ..ScanControl::DIRECT };
}

/// Whether a list number is that of an active list.
const fn is_active_lru(list: usize) -> bool {
    list & 1 != 0
}

/// The reference of a scan, which has only the lru_lock: not on a folio whose count is 0. Until v2.6.17 the count was
/// raised in any case, and a scan that had raised it from 0 took that back.
fn try_get(folio: Folio) -> bool {
    if !bug(bugs::Z_SCAN_TESTONE) {
        return folio_try_get(folio, Owner::Isolation);
    }
    let got = get_page_testone(folio, Owner::Isolation);
    if !got {
        folio_ref_sub(folio, Owner::Isolation, 1);
    }
    got
}

/// `isolate_lru_folios()`, v5.11 to v6.12. lru_lock held, no references. Takes folios from the tail of `list` to
/// `taken`; what cannot be taken is rotated to the front. Left out: zones.
fn isolate_lru_folios(list: usize, taken: &mut FolioBatch, sc: ScanControl) {
    kfn!(isolate_lru_folios);
    for pfn in lruvec_list(list).iter().rev() {
        let folio = Folio(pfn as u8);
        let skip = |folio| !folio_test_lru(folio) || (!sc.may_unmap && folio_mapped(folio));
        if skip(folio) || !try_get(folio) {
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
/// first and took it off again). Up to v6.8 it is returned instead, for the caller to free without the lock.
fn move_folios_to_lru(taken: &FolioBatch) -> FolioBatch {
    kfn!(move_folios_to_lru);
    let link_first = !kernel().has_folios();
    let linked = kernel() <= Kernel::V6_8;
    let mut free = FolioBatch::new();
    for folio in taken.folios() {
        vm_bug_on_folio(peek_flags(folio) & PG_LRU != 0, folio, VmBug::LruSet);
        private_list_del(folio);
        if !folio_evictable(folio) {
            spin_unlock_irq(LRUVEC_LOCK);
            putback_lru(folio);
            spin_lock_irq(LRUVEC_LOCK);
            continue;
        }
        if bug(bugs::M_PUT_LRU_LOCK) && folio_ref_count(folio) == 1 {
            folio_put(folio, Owner::Isolation);
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
            if linked { list_add_dead(folio, &mut free) } else { free.add(folio, 0) }
        } else if !link_first {
            lruvec_add_folio(folio);
        }
    }
    if !linked && free.count() != 0 {
        spin_unlock_irq(LRUVEC_LOCK);
        free_unref_folios(&free);
        spin_lock_irq(LRUVEC_LOCK);
        free.reinit();
    }
    free
}

/// [`move_folios_to_lru`] with the lru_lock, as both scans end.
fn move_back(taken: &FolioBatch) {
    spin_lock_irq(LRUVEC_LOCK);
    let free = move_folios_to_lru(taken);
    spin_unlock_irq(LRUVEC_LOCK);
    if free.count() != 0 {
        free_unref_page_list(&free);
    }
}

/// `shrink_inactive_list()`, v4.14 to v6.12: isolates from the tail of one list, reclaims, and moves what is left back.
/// Before v5.0 everything is: `shrink_page_list()` is left out. Left out: throttling, the number to scan.
pub(super) fn shrink_inactive_list(list: usize, sc: ScanControl) {
    kfn!(shrink_inactive_list);
    lru_add_drain();
    let mut taken = FolioBatch::new();
    spin_lock_irq(LRUVEC_LOCK);
    if kernel().has_folios() {
        isolate_lru_folios(list, &mut taken, sc);
    } else {
        isolate_lru_pages(list, &mut taken);
    }
    spin_unlock_irq(LRUVEC_LOCK);
    if taken.count() == 0 {
        return;
    }
    if kernel().has_writeback() {
        shrink_folio_list(&mut taken, sc, false);
    } else if kernel() == Kernel::V3_13 {
        shrink_page_list(&mut taken);
    }
    move_back(&taken);
}

/// The part of `shrink_active_list()` for too many buffers (`pagevec_strip()` before v3.3): the isolated folio's are
/// released if it can be locked at once. The test is repeated under the lock. Left out: files that want to be asked
/// about folios without private data (AS_RELEASE_ALWAYS), whose flag v6.12 reads here with nothing that keeps the
/// inode.
fn strip_buffers(folio: Folio) {
    if !folio_test_private(folio) || !folio_trylock(folio) {
        return;
    }
    if bug(bugs::Z_STRIP) {
        try_to_free_known_buffers(folio);
    } else if folio_test_private(folio) {
        filemap_release_folio(folio);
    }
    folio_unlock(folio);
}

/// `shrink_active_list()`, v6.12: deactivates what is on an active list. Left out: executable mappings, which stay
/// active; kernels before v5.0.
pub(super) fn shrink_active_list(list: usize, sc: ScanControl) {
    kfn!(shrink_active_list);
    if !kernel().has_writeback() {
        return;
    }
    lru_add_drain();
    let mut held = FolioBatch::new();
    spin_lock_irq(LRUVEC_LOCK);
    if kernel().has_folios() {
        isolate_lru_folios(list, &mut held, sc);
    } else {
        isolate_lru_pages(list, &mut held);
    }
    spin_unlock_irq(LRUVEC_LOCK);
    let mut inactive = FolioBatch::new();
    for folio in held.folios() {
        private_list_del(folio);
        if !folio_evictable(folio) {
            folio_putback_lru(folio);
            continue;
        }
        if sc.strip {
            strip_buffers(folio);
        }
        folio_referenced(folio, false); // page tables forget their use
        folio_clear_active(folio);
        folio_set_workingset(folio);
        private_list_add(folio);
        inactive.add(folio, 0);
    }
    move_back(&inactive);
}

/// `shrink_lruvec()` and `shrink_list()`, v6.12, one round: every list in order. Left out: how much of each is scanned,
/// by priority, balance of the lists and free swap.
fn shrink_lruvec(sc: ScanControl) {
    kfn!(shrink_lruvec);
    for list in 0..LRU_UNEVICTABLE {
        if is_active_lru(list) {
            shrink_active_list(list, sc);
        } else {
            shrink_inactive_list(list, sc);
        }
    }
}

/// `try_to_free_pages()`, v6.12: direct reclaim, one round. No locks held. Left out: slab shrinkers, waiting for
/// kswapd.
pub fn try_to_free_pages() {
    kfn!(try_to_free_pages);
    shrink_lruvec(ScanControl::DIRECT);
}

/// `balance_pgdat()`, v6.12: what kswapd does each time it is woken; one round, whatever the watermarks say. Left out:
/// the loop over priorities, slab shrinkers, soft limits.
pub fn balance_pgdat() {
    kfn!(balance_pgdat);
    shrink_lruvec(ScanControl::KSWAPD);
}

/// `reclaim_folio_list()`, v6.5 to v6.12: reclaims isolated folios, since v6.10 whether they are referenced or not.
/// Consumes the isolation references and the list.
fn reclaim_folio_list(list: &mut FolioBatch) {
    kfn!(reclaim_folio_list);
    shrink_folio_list(list, ScanControl::DIRECT, kernel() >= Kernel::V6_12);
    for folio in list.folios() {
        private_list_del(folio);
        folio_putback_lru(folio);
    }
}

/// `reclaim_pages()`, v6.5 to v6.12, for MADV_PAGEOUT. Every folio is isolated, on the caller's private list. Consumes
/// the isolation references and the list.
pub fn reclaim_pages(list: &FolioBatch) {
    kfn!(reclaim_pages);
    let mut list = *list;
    for folio in list.folios() {
        folio_clear_active(folio);
    }
    if list.count() != 0 {
        reclaim_folio_list(&mut list);
    }
}
