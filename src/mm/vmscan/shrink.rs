//! `shrink_folio_list()` and what it asks: reclaiming isolated folios (MM-6.12 5.8).

use super::scan::ScanControl;
use super::{__remove_mapping, cache_owner, folio_evictable, freeze_clean};
use crate::bugs;
use crate::kfn;
use crate::linux::mm_inline::{private_list_add, private_list_del};
use crate::linux::mm_types::{AddressSpace, Folio};
use crate::linux::mmdebug::{peek_flags, vm_bug_on_folio};
use crate::linux::page_flags::*;
use crate::linux::page_ref::*;
use crate::linux::pagemap::*;
use crate::linux::pagevec::FolioBatch;
use crate::mm::filemap::{filemap_release_folio, folio_needs_release, folio_unlock};
use crate::mm::fs_aops::{self, Writepage};
use crate::mm::fs_buffer::try_to_free_buffers;
use crate::mm::page_alloc::{free_unref_folios, free_unref_page_list, list_add_dead};
use crate::mm::page_io::swap_writepage;
use crate::mm::page_writeback::folio_clear_dirty_for_io;
use crate::mm::rmap::{Referenced, folio_referenced, try_to_unmap};
use crate::mm::swap_state::add_to_swap;
use crate::mm::swapfile::{folio_free_swap, vm_swap_full};
use crate::mm::{bug, kernel, rmap};
use crate::vocab::*;

/// What becomes of a folio.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// The refcount is 0 and the folio is nowhere: to the allocator.
    Free,
    /// Somebody else's put will free it.
    Gone,
    /// Back to the list, unlocked already.
    Keep,
    KeepLocked,
    ActivateLocked,
}

/// `enum folio_references`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum References {
    Reclaim,
    ReclaimClean,
    Keep,
    Activate,
}

/// `pageout_t`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pageout {
    Keep,
    Activate,
    /// Written, or being written: the folio is unlocked.
    Success,
    Clean,
}

/// `folio_check_references()`, v6.12. Folio locked. Left out: executable mappings.
fn folio_check_references(folio: Folio) -> References {
    kfn!(folio_check_references);
    let referenced = folio_referenced(folio, true);
    let referenced_folio = folio_test_clear_referenced(folio);
    let ptes = match referenced {
        Referenced::Count { vm_locked: true, .. } => return References::Activate,
        Referenced::Contended => return References::Keep,
        Referenced::Count { ptes, .. } => ptes,
    };
    if ptes != 0 && folio_test_swapbacked(folio) && !kernel().has_folios() {
        return References::Activate;
    }
    if ptes != 0 {
        folio_set_referenced(folio);
        return if referenced_folio || ptes > 1 { References::Activate } else { References::Keep };
    }
    if referenced_folio && folio_is_file_lru(folio) { References::ReclaimClean } else { References::Reclaim }
}

/// `is_page_cache_freeable()`, v6.12 (F5): the only references are the caller's, the cache's and private data's.
fn is_page_cache_freeable(folio: Folio) -> bool {
    kfn!(is_page_cache_freeable);
    let count = folio_ref_count(folio);
    count.wrapping_sub(folio_test_private(folio) as u64) == 1 + 1
}

/// The `writepage` of `mapping`; `None`: it has none.
fn writepage(mapping: AddressSpace, folio: Folio) -> Option<Writepage> {
    if !folio_clear_dirty_for_io(folio) {
        return None;
    }
    folio_set_reclaim(folio);
    if !mapping.is_swap() {
        return Some(fs_aops::writepage(mapping, folio));
    }
    Some(if swap_writepage(folio) { Writepage::Done } else { Writepage::Activate })
}

/// `pageout()`, v6.12. Folio locked, dirty and unmapped; the lock pins the mapping until `writepage` drops it. Left
/// out: I/O errors.
fn pageout(folio: Folio, mapping: Option<AddressSpace>) -> Pageout {
    kfn!(pageout);
    if !is_page_cache_freeable(folio) {
        return Pageout::Keep;
    }
    let Some(mapping) = mapping else {
        // Truncated while its buffers were busy.
        if folio_test_private(folio) && try_to_free_buffers(folio) {
            folio_clear_dirty(folio);
            return Pageout::Clean;
        }
        return Pageout::Keep;
    };
    if !mapping.is_swap() && mapping_aops(mapping) & (AOPS_WRITEPAGE | AOPS_SHMEM) == 0 {
        return Pageout::Activate;
    }
    match writepage(mapping, folio) {
        None => return Pageout::Clean,
        Some(Writepage::Activate) => {
            folio_clear_reclaim(folio);
            return Pageout::Activate;
        }
        Some(Writepage::Done) => {}
    }
    if !folio_test_writeback(folio) {
        folio_clear_reclaim(folio);
    }
    Pageout::Success
}

/// Steps 2 to 9: whether the folio can be reclaimed at all now. Ok: locked, and how it was referenced.
fn try_lock_reclaimable(folio: Folio, sc: ScanControl, ignore_references: bool) -> Result<References, Verdict> {
    if !folio_trylock(folio) {
        return Err(Verdict::Keep);
    }
    vm_bug_on_folio(peek_flags(folio) & PG_ACTIVE != 0, folio, VmBug::Active);
    if !folio_evictable(folio) {
        return Err(Verdict::ActivateLocked);
    }
    if !sc.may_unmap && folio_mapped(folio) {
        return Err(Verdict::KeepLocked);
    }
    if folio_test_writeback(folio) {
        // kswapd marked it before, and meets it again: nothing to add.
        if !(sc.kswapd && folio_test_reclaim(folio)) {
            folio_set_reclaim(folio);
        }
        return Err(Verdict::ActivateLocked);
    }
    match if ignore_references { References::Reclaim } else { folio_check_references(folio) } {
        References::Activate => Err(Verdict::ActivateLocked),
        References::Keep => Err(Verdict::KeepLocked),
        reclaim => Ok(reclaim),
    }
}

/// Steps 11 to 13: a swap slot, and no mappings and no pins.
fn unmap(folio: Folio) -> Result<(), Verdict> {
    if folio_test_anon(folio) && folio_test_swapbacked(folio) && !folio_test_swapcache(folio) {
        if kernel().has_folios() && folio_maybe_dma_pinned(folio) {
            return Err(Verdict::KeepLocked);
        }
        if !add_to_swap(folio) {
            return Err(Verdict::ActivateLocked);
        }
    }
    if folio_mapped(folio) {
        if kernel().has_folios() {
            try_to_unmap(folio, 0);
        } else {
            rmap::pages::try_to_unmap(folio, 0);
        }
        if folio_mapped(folio) {
            return Err(Verdict::ActivateLocked);
        }
    }
    // No new pin can come through page tables from here on.
    let pinned = kernel().has_folios() && folio_maybe_dma_pinned(folio);
    if pinned { Err(Verdict::ActivateLocked) } else { Ok(()) }
}

/// Step 14: a dirty folio is written first, a file's by kswapd only and not before the second time it meets it. Ok:
/// clean and locked; its mapping then.
fn clean(folio: Folio, sc: ScanControl, references: References) -> Result<Option<AddressSpace>, Verdict> {
    let mapping = folio_mapping(folio);
    if !folio_test_dirty(folio) {
        return Ok(mapping);
    }
    if folio_is_file_lru(folio) && !(sc.kswapd && folio_test_reclaim(folio)) {
        folio_set_reclaim(folio);
        return Err(Verdict::ActivateLocked);
    }
    if references == References::ReclaimClean || !sc.may_writepage {
        return Err(Verdict::KeepLocked);
    }
    match pageout(folio, mapping) {
        Pageout::Keep => return Err(Verdict::KeepLocked),
        Pageout::Activate => return Err(Verdict::ActivateLocked),
        Pageout::Clean => return Ok(mapping),
        Pageout::Success => {}
    }
    if folio_test_writeback(folio) || folio_test_dirty(folio) || !folio_trylock(folio) {
        return Err(Verdict::Keep);
    }
    if folio_test_dirty(folio) || folio_test_writeback(folio) {
        return Err(Verdict::KeepLocked);
    }
    Ok(folio_mapping(folio))
}

/// Step 15: private data. An orphan, which had nothing else, is freed by the last put.
fn release(folio: Folio, mapping: Option<AddressSpace>) -> Result<(), Verdict> {
    if !folio_needs_release(folio, mapping) {
        return Ok(());
    }
    if !filemap_release_folio(folio) {
        return Err(Verdict::ActivateLocked);
    }
    if mapping.is_some() || folio_ref_count(folio) != 1 {
        return Ok(());
    }
    folio_unlock(folio);
    Err(if folio_put_testzero(folio, Owner::Isolation) { Verdict::Free } else { Verdict::Gone })
}

/// Steps 16 and 17: freezes every reference there is. Ok: frozen, in no cache, unlocked.
fn freeze(folio: Folio, mapping: Option<AddressSpace>) -> Result<(), Verdict> {
    if folio_test_anon(folio) && !folio_test_swapbacked(folio) {
        if !bug(bugs::M_LAZYFREE_FREEZE) && !folio_ref_freeze(folio, 1) {
            return Err(Verdict::KeepLocked);
        }
    } else if bug(bugs::D8M) && mapping.is_none() {
        if !freeze_clean(folio) {
            return Err(Verdict::KeepLocked);
        }
        folio_ref_discard(folio, Owner::PageCache);
    } else {
        let Some(mapping) = mapping.filter(|mapping| __remove_mapping(*mapping, folio, true)) else {
            return Err(Verdict::KeepLocked);
        };
        folio_ref_discard(folio, cache_owner(mapping));
    }
    folio_ref_discard(folio, Owner::Isolation);
    folio_unlock(folio);
    Ok(())
}

/// What is done with one folio.
fn reclaim(folio: Folio, sc: ScanControl, ignore_references: bool) -> Result<(), Verdict> {
    let references = try_lock_reclaimable(folio, sc, ignore_references)?;
    unmap(folio)?;
    let mapping = clean(folio, sc, references)?;
    release(folio, mapping)?;
    freeze(folio, mapping)
}

/// `activate_locked`: not a folio to be swapped out, so its slot can be reclaimed where slots are short.
fn activate_locked(folio: Folio) {
    if folio_test_swapcache(folio) && (vm_swap_full() || folio_test_mlocked(folio)) {
        folio_free_swap(folio);
    }
    vm_bug_on_folio(peek_flags(folio) & PG_ACTIVE != 0, folio, VmBug::Active);
    if !folio_test_mlocked(folio) {
        folio_set_active(folio);
    }
}

/// `shrink_folio_list()`, v6.12 (`shrink_page_list()` in v5.0). The folios are isolated: PG_lru, PG_active and
/// PG_unevictable clear. What could not be reclaimed stays in `list`; the others' isolation references are gone.
/// Returns how many were reclaimed. The node's PGDAT_WRITEBACK and PGDAT_DIRTY count as set. Left out: hwpoison,
/// statistics of dirty folios with `is_dirty_writeback`, waiting for writeback (legacy memcg only), demotion,
/// `__GFP_FS` and `__GFP_IO` missing, TLB batching.
pub(super) fn shrink_folio_list(list: &mut FolioBatch, sc: ScanControl, ignore_references: bool) -> usize {
    kfn!(shrink_folio_list);
    let mut keep = FolioBatch::new();
    let mut free = FolioBatch::new();
    let linked = kernel() <= Kernel::V6_8;
    let mut nr_reclaimed = 0;
    for folio in list.folios() {
        private_list_del(folio);
        let verdict = reclaim(folio, sc, ignore_references).err().unwrap_or(Verdict::Free);
        if verdict == Verdict::Free {
            if linked { list_add_dead(folio, &mut free) } else { free.add(folio, 0) }
        }
        if matches!(verdict, Verdict::Free | Verdict::Gone) {
            nr_reclaimed += 1;
            continue;
        }
        if verdict == Verdict::ActivateLocked {
            activate_locked(folio);
        }
        if verdict != Verdict::Keep {
            folio_unlock(folio);
        }
        private_list_add(folio);
        keep.add(folio, 0);
        vm_bug_on_folio(peek_flags(folio) & (PG_LRU | PG_UNEVICTABLE) != 0, folio, VmBug::LruSet);
    }
    *list = keep;
    if linked {
        free_unref_page_list(&free)
    } else {
        free_unref_folios(&free)
    }
    nr_reclaimed
}
