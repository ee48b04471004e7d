//! `shrink_page_list()` of v3.13, which has no swap device here and no file that can be written to.

use super::{__remove_mapping, cache_owner, folio_evictable, putback_lru_page};
use crate::kfn;
use crate::linux::mm_inline::{private_list_add, private_list_del};
use crate::linux::mm_types::Folio;
use crate::linux::mmdebug::{peek_flags, vm_bug_on_folio};
use crate::linux::page_flags::*;
use crate::linux::page_ref::folio_ref_discard;
use crate::linux::pagemap::*;
use crate::linux::pagevec::FolioBatch;
use crate::mm::filemap::folio_unlock;
use crate::mm::page_alloc::free_unref_folios;
use crate::mm::rmap::pages::{SwapResult, page_referenced, try_to_unmap};
use crate::vocab::*;

/// What becomes of a page.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// Frozen, and in no cache: to the allocator.
    Free,
    Keep,
    KeepLocked,
    ActivateLocked,
    CullMlocked,
}

/// `page_check_references()`, v3.13. Page locked. A page of a VM_LOCKED VMA counts as not referenced: it goes on to
/// `try_to_unmap()`, which mlocks it. Left out: executable mappings.
fn page_check_references(page: Folio) -> Result<(), Verdict> {
    kfn!(page_check_references);
    let (ptes, vm_locked) = page_referenced(page, true);
    let referenced_page = folio_test_clear_referenced(page);
    if vm_locked || ptes == 0 {
        return Ok(());
    }
    if folio_test_swapbacked(page) {
        return Err(Verdict::ActivateLocked);
    }
    folio_set_referenced(page);
    Err(if referenced_page || ptes > 1 { Verdict::ActivateLocked } else { Verdict::KeepLocked })
}

/// What is done with one page.
fn reclaim(page: Folio) -> Verdict {
    if !folio_trylock(page) {
        return Verdict::Keep;
    }
    vm_bug_on_folio(peek_flags(page) & PG_ACTIVE != 0, page, VmBug::Active);
    if !folio_evictable(page) {
        return Verdict::CullMlocked;
    }
    if let Err(verdict) = page_check_references(page) {
        return verdict;
    }
    // No swap space: `add_to_swap()` fails.
    if folio_test_anon(page) {
        return Verdict::ActivateLocked;
    }
    let mapping = folio_mapping(page);
    if mapping.is_some() && folio_mapped(page) {
        match try_to_unmap(page, 0) {
            SwapResult::Fail => return Verdict::ActivateLocked,
            SwapResult::Again => return Verdict::KeepLocked,
            SwapResult::Mlock => return Verdict::CullMlocked,
            SwapResult::Success => {}
        }
    }
    // Only kswapd writes file pages.
    if folio_test_dirty(page) {
        folio_set_reclaim(page);
        return Verdict::KeepLocked;
    }
    let Some(mapping) = mapping.filter(|mapping| __remove_mapping(*mapping, page, true)) else {
        return Verdict::KeepLocked;
    };
    folio_ref_discard(page, cache_owner(mapping));
    folio_ref_discard(page, Owner::Isolation);
    // Frozen: nobody can wait for the lock. `__clear_page_locked()`
    __folio_clear_locked(page);
    Verdict::Free
}

/// `shrink_page_list()`, v3.13. The pages are isolated. What could not be reclaimed stays in `list`; the others'
/// isolation references are gone. Left out: writeback, swap, private data, TLB batching.
pub(super) fn shrink_page_list(list: &mut FolioBatch) {
    kfn!(shrink_page_list);
    let mut keep = FolioBatch::new();
    let mut free = FolioBatch::new();
    for page in list.folios() {
        private_list_del(page);
        match reclaim(page) {
            Verdict::Free => {
                free.add(page, 0);
                continue;
            }
            Verdict::CullMlocked => {
                folio_unlock(page);
                putback_lru_page(page);
                continue;
            }
            Verdict::ActivateLocked => {
                folio_set_active(page);
                folio_unlock(page);
            }
            Verdict::KeepLocked => folio_unlock(page),
            Verdict::Keep => {}
        }
        private_list_add(page);
        keep.add(page, 0);
    }
    *list = keep;
    free_unref_folios(&free);
}
