//! `mm/truncate.c`: truncation and invalidation.

use super::filemap::*;
use super::swap::{folio_batch_release, folio_put};
use super::vmscan::remove_mapping;
use super::{bug, kernel};
use crate::bugs;
use crate::kfn;
use crate::linux::mm_types::{AddressSpace, Folio};
use crate::linux::mmdebug::vm_bug_on_folio;
use crate::linux::page_flags::*;
use crate::linux::page_ref::folio_ref_count;
use crate::linux::pagemap::*;
use crate::linux::pagevec::FolioBatch;
use crate::linux::xarray::{xa_empty, xa_lock_irq, xa_unlock_irq};
use crate::machine::m;
use crate::vocab::*;

/// `truncate_cleanup_folio()`, v6.12. Folio locked, attached, not under writeback. Cancels dirty. Left out: unmapping
/// (files are not mapped yet), `folio_invalidate` (no private data yet).
fn truncate_cleanup_folio(folio: Folio) {
    kfn!(truncate_cleanup_folio);
    folio_cancel_dirty(folio);
    folio_clear_mappedtodisk(folio);
}

/// `folio_cancel_dirty()` (include/linux/pagemap.h) with `__folio_cancel_dirty()`, v6.12. Left out: accounting.
fn folio_cancel_dirty(folio: Folio) {
    kfn!(folio_cancel_dirty);
    if folio_test_dirty(folio) {
        folio_test_clear_dirty(folio);
    }
}

/// `truncate_inode_folio()`, v6.12. Folio locked, reference held, writeback waited for. False (-EIO): already gone.
fn truncate_inode_folio(mapping: AddressSpace, folio: Folio) -> bool {
    kfn!(truncate_inode_folio);
    if !folio_raw_mapping(folio).is(mapping) {
        return false;
    }
    truncate_cleanup_folio(folio);
    filemap_remove_folio(mapping, folio);
    true
}

/// First half of pass 1 in v4.14/v4.15 `truncate_inode_pages_range()`: a batch of references, then try to lock each.
/// `locked` gets those that are in the mapping and not under writeback; v4.14 truncates each at once instead.
fn lock_entries_pages(
    mapping: AddressSpace,
    start: &mut usize,
    found: &mut FolioBatch,
    locked: &mut FolioBatch,
) -> bool {
    kfn!(truncate_inode_pages_range);
    if !find_get_entries(mapping, start, found) {
        return false;
    }
    for (folio, index) in found.entries() {
        if !folio_trylock(folio) {
            continue;
        }
        vm_bug_on_folio(m().peek(folio.obj(Field::Index)) != index as u64, folio, VmBug::WrongIndex);
        if kernel() == Kernel::V4_14 {
            // Deleted one by one; the batched delete came with v4.15.
            if !folio_test_writeback(folio) {
                truncate_inode_folio(mapping, folio);
            }
            folio_unlock(folio);
            continue;
        }
        if folio_test_writeback(folio) || !folio_raw_mapping(folio).is(mapping) {
            folio_unlock(folio);
            continue;
        }
        locked.add(folio, index);
    }
    true
}

/// `truncate_inode_pages_range()`, v4.14 to v6.12: a non-blocking pass in batches, then a blocking pass until the range
/// is empty. `start` is a page index; the range goes to the end of the file. The caller pins the inode. Left out:
/// partial edge folios, value entries.
pub fn truncate_inode_pages_range(mapping: AddressSpace, start: usize) {
    kfn!(truncate_inode_pages_range);
    if xa_empty(mapping) {
        return;
    }
    let mut fbatch = FolioBatch::new();
    let mut index = start;
    loop {
        let mut locked = FolioBatch::new();
        if kernel().has_folios() {
            if !find_lock_entries(mapping, &mut index, &mut fbatch) {
                break;
            }
            locked = fbatch;
        } else if !lock_entries_pages(mapping, &mut index, &mut fbatch, &mut locked) {
            break;
        }
        for folio in locked.folios() {
            truncate_cleanup_folio(folio);
        }
        delete_from_page_cache_batch(mapping, &locked);
        for folio in locked.folios() {
            folio_unlock(folio);
        }
        folio_batch_release(&mut fbatch, Owner::LookupBatch);
    }
    let mut index = start;
    loop {
        if !find_get_entries(mapping, &mut index, &mut fbatch) {
            if index == start {
                break;
            }
            index = start; // restart: the range must be empty from its start
            continue;
        }
        for (folio, at) in fbatch.entries() {
            folio_lock(folio);
            vm_bug_on_folio(m().peek(folio.obj(Field::Index)) != at as u64, folio, VmBug::WrongIndex);
            folio_wait_writeback(folio);
            truncate_inode_folio(mapping, folio);
            folio_unlock(folio);
        }
        folio_batch_release(&mut fbatch, Owner::LookupBatch);
    }
}

/// `truncate_inode_pages_final()`, v4.14 to v6.12: eviction. The i_pages cycle lets a tree change that missed
/// AS_EXITING finish.
pub fn truncate_inode_pages_final(mapping: AddressSpace) {
    kfn!(truncate_inode_pages_final);
    mapping_set_exiting(mapping);
    if !xa_empty(mapping) {
        xa_lock_irq(mapping);
        xa_unlock_irq(mapping);
    }
    truncate_inode_pages_range(mapping, 0);
}

/// `mapping_evict_folio()`, v6.5 to v6.12 (`invalidate_inode_page()` with `invalidate_complete_page()` before, which
/// did not look at the refcount first). Folio locked, one reference of the caller's; `folio->mapping` was read under
/// the lock. True: gone from the cache. Left out: `filemap_release_folio`, PG_private_2 (no private data yet).
fn mapping_evict_folio(mapping: AddressSpace, folio: Folio) -> bool {
    kfn!(mapping_evict_folio);
    if folio_test_dirty(folio) || folio_test_writeback(folio) {
        return false;
    }
    if kernel().has_folios() {
        let private = folio_test_private(folio) as u64;
        if folio_ref_count(folio) > 1 + private + 1 {
            return false;
        }
    } else if folio_mapped(folio) {
        return false;
    }
    remove_mapping(mapping, folio)
}

/// `invalidate_mapping_pages()` with `mapping_try_invalidate()`, v6.12. The caller pins the inode. Left out: shadows,
/// `deactivate_file_folio` of what could not be dropped.
pub fn invalidate_mapping_pages(mapping: AddressSpace) {
    kfn!(invalidate_mapping_pages);
    if !kernel().has_folios() {
        return invalidate_pages(mapping);
    }
    let mut fbatch = FolioBatch::new();
    let mut index = 0;
    while find_lock_entries(mapping, &mut index, &mut fbatch) {
        for folio in fbatch.folios() {
            mapping_evict_folio(mapping, folio);
            folio_unlock(folio);
        }
        folio_batch_release(&mut fbatch, Owner::LookupBatch);
    }
}

/// The loop of v4.14/v4.15 `invalidate_mapping_pages()`: one page locked at a time, outside RCU; its mapping is read
/// again under the lock (`invalidate_inode_page()`).
fn invalidate_pages(mapping: AddressSpace) {
    kfn!(invalidate_mapping_pages);
    let mut pvec = FolioBatch::new();
    let mut index = 0;
    while find_get_entries(mapping, &mut index, &mut pvec) {
        for folio in pvec.folios() {
            if !folio_trylock(folio) {
                continue;
            }
            if let Some(of_folio) = folio_mapping(folio) {
                mapping_evict_folio(of_folio, folio);
            }
            folio_unlock(folio);
        }
        folio_batch_release(&mut pvec, Owner::LookupBatch);
    }
}

/// Puts a folio found, locked and kept in its mapping: what every "find, lock, re-check" user ends with.
pub fn unlock_and_put(folio: Folio, owner: Owner) {
    folio_unlock(folio);
    folio_put(folio, owner);
    if bug(bugs::M_TOUCH) {
        folio_set_referenced(folio);
    }
}
