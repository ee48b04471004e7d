//! `mm/truncate.c`: truncation and invalidation (MM-6.12 4).

use super::filemap::*;
use super::memory::{unmap_mapping_folio, unmap_mapping_pages};
use super::page_writeback::folio_cancel_dirty;
use super::swap::{deactivate_file_folio, folio_batch_release, folio_put};
use super::vmscan::remove_mapping;
use super::{bug, fs_aops, kernel};
use crate::bugs;
use crate::kfn;
use crate::linux::fs::i_size_write;
use crate::linux::highmem::{discard_block, page_id};
use crate::linux::mm_types::{AddressSpace, Folio};
use crate::linux::mmdebug::{peek_flags, vm_bug_on_folio};
use crate::linux::page_flags::*;
use crate::linux::page_ref::folio_ref_count;
use crate::linux::pagemap::*;
use crate::linux::pagevec::FolioBatch;
use crate::linux::xarray::*;
use crate::machine::m;
use crate::vocab::*;

// ----- one folio (MM-6.12 4.1) -----

/// The contents of a page of the file may be lost from here on.
pub(super) fn discard(mapping: AddressSpace, index: usize) {
    m().note(Note::FileDiscard, Obj::NONE, page_id(mapping.index as usize, index));
}

/// `folio_invalidate()`, v6.12, of the whole folio. Folio locked, in its mapping.
fn folio_invalidate(folio: Folio) {
    kfn!(folio_invalidate);
    if let Some(mapping) = folio_raw_mapping(folio).file() {
        fs_aops::invalidate_folio(mapping, folio);
    }
}

/// `truncate_cleanup_folio()`, v6.12. Folio locked, attached, not under writeback. Unmaps, drops private data (which
/// may fail) and cancels dirty. Left out in v4.14 and v4.15: all but the last (files are not mapped there).
fn truncate_cleanup_folio(mapping: AddressSpace, folio: Folio) {
    kfn!(truncate_cleanup_folio);
    if kernel().has_processes() {
        let left_mapped = bug(bugs::SHMEM_SECOND_PASS) && shmem_mapping(mapping);
        if folio_mapped(folio) && !bug(bugs::M_TRUNCATE_MAPPED) && !left_mapped {
            unmap_mapping_folio(folio);
        }
        // What processes have written until they lost the page goes with it.
        discard(mapping, m().peek(folio.obj(Field::Index)) as usize);
        if folio_needs_release(folio, Some(mapping)) {
            folio_invalidate(folio);
        }
    }
    folio_cancel_dirty(folio);
    folio_clear_mappedtodisk(folio);
}

/// `truncate_inode_folio()`, v6.12. Folio locked, reference held, writeback waited for. False (-EIO): already gone.
pub(super) fn truncate_inode_folio(mapping: AddressSpace, folio: Folio) -> bool {
    kfn!(truncate_inode_folio);
    if !bug(bugs::D5) && !folio_raw_mapping(folio).is(mapping) {
        return false;
    }
    truncate_cleanup_folio(mapping, folio);
    filemap_remove_folio(mapping, folio);
    true
}

// ----- value entries -----

/// `__clear_shadow_entry()`, v6.12. i_pages held. The lookup saw a value entry at `index`; it goes if it is still
/// there. One shadow is like another here.
fn __clear_shadow_entry(mapping: AddressSpace, index: usize) {
    kfn!(__clear_shadow_entry);
    if xas_load_entry(mapping, index) == Entry::Value {
        xas_store(mapping, index, None);
    }
}

/// `clear_shadow_entries()`, v6.12: for invalidation, the value entries a batch has met, as far as they are still
/// there; tmpfs's own entries stay. Left out: DAX, the inode LRU.
fn clear_shadow_entries(mapping: AddressSpace, fbatch: &mut FolioBatch) {
    if shmem_mapping(mapping) {
        return;
    }
    kfn!(clear_shadow_entries);
    clear_values(mapping, fbatch);
}

/// `truncate_folio_batch_exceptionals()`, v6.12: the same for truncation.
fn truncate_folio_batch_exceptionals(mapping: AddressSpace, fbatch: &mut FolioBatch) {
    kfn!(truncate_folio_batch_exceptionals);
    clear_values(mapping, fbatch);
}

/// The body of both, with `folio_batch_remove_exceptionals()`.
fn clear_values(mapping: AddressSpace, fbatch: &mut FolioBatch) {
    if !fbatch.has_values() {
        return;
    }
    lock_for_removal(mapping);
    for index in fbatch.values() {
        __clear_shadow_entry(mapping, index);
    }
    unlock_after_removal(mapping);
    fbatch.remove_exceptionals();
}

// ----- ranges (MM-6.12 4.3) -----

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
        if kernel() <= Kernel::V4_14 {
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
/// is empty. `start` is a page index; the range goes to the end of the file. The caller pins the inode.
pub fn truncate_inode_pages_range(mapping: AddressSpace, start: usize) {
    kfn!(truncate_inode_pages_range);
    truncate_range(mapping, start, SLOTS);
}

/// [`truncate_inode_pages_range`] of `start..end`; an `end` of [`SLOTS`] means all there will ever be. Edges are page
/// aligned always (contents are one version, no part of which could be zeroed): the folios at the edges are looked up
/// as the kernel does, and turn out to be wholly inside.
fn truncate_range(mapping: AddressSpace, start: usize, end: usize) {
    for index in start..end {
        discard(mapping, index);
    }
    if xa_empty(mapping) {
        return;
    }
    let mut fbatch = FolioBatch::up_to(end);
    truncate_unlocked(mapping, start, &mut fbatch);
    if kernel().has_folios() {
        truncate_edge(mapping, start, end, start);
        if end < SLOTS && end - 1 != start {
            truncate_edge(mapping, start, end, end - 1);
        }
    }
    let mut index = start;
    while index < end || end == SLOTS {
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
            if !bug(bugs::M_TRUNCATE_WRITEBACK) {
                folio_wait_writeback(folio);
            }
            truncate_inode_folio(mapping, folio);
            folio_unlock(folio);
        }
        truncate_folio_batch_exceptionals(mapping, &mut fbatch);
        folio_batch_release(&mut fbatch, Owner::LookupBatch);
    }
}

/// Pass 1: what can be locked at once, in batches.
fn truncate_unlocked(mapping: AddressSpace, start: usize, fbatch: &mut FolioBatch) {
    let mut index = start;
    loop {
        let mut locked = FolioBatch::new();
        if kernel().has_folios() {
            if !find_lock_entries(mapping, &mut index, fbatch) {
                break;
            }
            truncate_folio_batch_exceptionals(mapping, fbatch);
            locked = *fbatch;
        } else if !lock_entries_pages(mapping, &mut index, fbatch, &mut locked) {
            break;
        } else {
            truncate_folio_batch_exceptionals(mapping, fbatch);
        }
        for folio in locked.folios() {
            truncate_cleanup_folio(mapping, folio);
        }
        delete_from_page_cache_batch(mapping, &locked);
        for folio in locked.folios() {
            folio_unlock(folio);
        }
        folio_batch_release(fbatch, Owner::LookupBatch);
    }
}

/// The edge folio at `index`: waits for its writeback, then `truncate_inode_partial_folio()`.
fn truncate_edge(mapping: AddressSpace, start: usize, end: usize, index: usize) {
    let Some(folio) = filemap_lock_folio(mapping, index, Owner::Lookup) else { return };
    truncate_inode_partial_folio(folio, start, end);
    folio_unlock(folio);
    folio_put(folio, Owner::Lookup);
}

/// `truncate_inode_partial_folio()`, v6.12. Folio locked, in its mapping, a reference held. Left out: zeroing a part,
/// splitting a large folio.
pub(super) fn truncate_inode_partial_folio(folio: Folio, start: usize, end: usize) {
    kfn!(truncate_inode_partial_folio);
    if !bug(bugs::M_TRUNCATE_WRITEBACK) {
        folio_wait_writeback(folio);
    }
    let Some(mapping) = folio_raw_mapping(folio).file() else { return };
    if (start..end).contains(&folio_index(folio)) {
        truncate_inode_folio(mapping, folio);
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

/// `unmap_mapping_range()` (mm/memory.c), v6.12, of pages `start..end`.
fn unmap_mapping_range(mapping: AddressSpace, start: usize, end: usize, even_cows: bool) {
    kfn!(unmap_mapping_range);
    unmap_mapping_pages(mapping, start, end.saturating_sub(start), even_cows);
}

/// The file system frees the blocks, as it does after the page cache is done and with the same locks held: in one step.
/// No I/O can be in flight for them.
fn free_blocks(mapping: AddressSpace, start: usize, end: usize) {
    discard_block(mapping, start);
    for index in start + 1..end {
        m().poke(Obj::at(Field::Disk, mapping.index as usize, index), 0);
    }
}

/// `truncate_pagecache()`, v6.12: the size is stored already. i_rwsem and invalidate_lock held for writing. The second
/// unmap is for private copies made since the first.
pub fn truncate_pagecache(mapping: AddressSpace, newsize: usize) {
    kfn!(truncate_pagecache);
    unmap_mapping_range(mapping, newsize, SLOTS, true);
    truncate_inode_pages_range(mapping, newsize);
    unmap_mapping_range(mapping, newsize, SLOTS, true);
    m().note(Note::TruncateEnd, Obj::NONE, page_id(mapping.index as usize, newsize));
    free_blocks(mapping, newsize, SLOTS);
}

/// `truncate_setsize()`, v6.12: `ftruncate()` of a file system without blocks to convert. i_rwsem and invalidate_lock
/// held for writing. Left out: `pagecache_isize_extended()` (blocks as large as pages).
pub fn truncate_setsize(mapping: AddressSpace, newsize: usize) {
    kfn!(truncate_setsize);
    i_size_write(mapping, newsize);
    truncate_pagecache(mapping, newsize);
}

/// `truncate_pagecache_range()`, v6.12: a hole is punched at `start..end`; private copies stay. i_rwsem and
/// invalidate_lock held for writing.
pub fn truncate_pagecache_range(mapping: AddressSpace, start: usize, end: usize) {
    kfn!(truncate_pagecache_range);
    let end = end.min(SLOTS);
    if start >= end {
        return;
    }
    unmap_mapping_range(mapping, start, end, false);
    truncate_range(mapping, start, end);
    free_blocks(mapping, start, end);
    for index in start..end {
        let (m, block) = (mapping.index as usize, Obj::at(Field::Disk, mapping.index as usize, index));
        self::m().note(Note::HolePunched, block, page_id(m, index));
    }
}

// ----- invalidation (MM-6.12 4.4, 4.5) -----

/// `mapping_evict_folio()`, v6.5 to v6.12 (`invalidate_inode_page()` with `invalidate_complete_page()` before, which
/// did not look at the refcount first). Folio locked, one reference of the caller's; `folio->mapping` was read under
/// the lock. True: gone from the cache.
fn mapping_evict_folio(mapping: AddressSpace, folio: Folio) -> bool {
    kfn!(mapping_evict_folio);
    if folio_test_dirty(folio) || folio_test_writeback(folio) {
        return false;
    }
    if kernel().has_folios() {
        let private = folio_has_private(folio) as u64;
        if folio_ref_count(folio) > 1 + private + 1 || !filemap_release_folio(folio) {
            return false;
        }
    } else if folio_mapped(folio) || (kernel().has_writeback() && !filemap_release_folio(folio)) {
        return false;
    }
    remove_mapping(mapping, folio)
}

/// `invalidate_mapping_pages()` with `mapping_try_invalidate()`, v6.12. The caller pins the inode.
pub fn invalidate_mapping_pages(mapping: AddressSpace) {
    kfn!(invalidate_mapping_pages);
    if !kernel().has_folios() {
        return invalidate_pages(mapping);
    }
    mapping_try_invalidate(mapping);
}

/// The loop of [`invalidate_mapping_pages`] over the whole file.
fn mapping_try_invalidate(mapping: AddressSpace) {
    let mut fbatch = FolioBatch::new();
    let mut index = 0;
    while find_lock_entries(mapping, &mut index, &mut fbatch) {
        for folio in fbatch.folios() {
            let evicted = mapping_evict_folio(mapping, folio);
            folio_unlock(folio);
            if !evicted {
                deactivate_file_folio(folio);
            }
        }
        clear_shadow_entries(mapping, &mut fbatch);
        folio_batch_release(&mut fbatch, Owner::LookupBatch);
    }
}

/// `folio_launder()`, v6.12. Folio locked, in `mapping`, not under writeback.
fn folio_launder(mapping: AddressSpace, folio: Folio) {
    kfn!(folio_launder);
    if !folio_test_dirty(folio) {
        return;
    }
    if folio_raw_mapping(folio).is(mapping) && mapping_aops(mapping) & AOPS_LAUNDER != 0 {
        fs_aops::launder_folio(mapping, folio);
    }
}

/// `invalidate_complete_folio2()`, v6.12. Folio locked, unmapped; the caller pins the inode and holds a reference.
/// Whoever else holds one keeps a folio without a mapping. False: dirty, or its private data stay.
fn invalidate_complete_folio2(mapping: AddressSpace, folio: Folio) -> bool {
    kfn!(invalidate_complete_folio2);
    if !folio_raw_mapping(folio).is(mapping) || !filemap_release_folio(folio) {
        return false;
    }
    lock_for_removal(mapping);
    if folio_test_dirty(folio) {
        unlock_after_removal(mapping);
        return false;
    }
    vm_bug_on_folio(peek_flags(folio) & (PG_PRIVATE | PG_PRIVATE_2) != 0, folio, VmBug::Private);
    __filemap_remove_folio(mapping, folio, false);
    unlock_after_removal(mapping);
    filemap_free_folio(mapping, folio);
    true
}

/// `invalidate_inode_pages2_range()`, v6.12, of pages `start..end`, for direct I/O. The caller pins the inode. False
/// (-EBUSY): something stayed. Left out: DAX, launder errors.
pub fn invalidate_inode_pages2_range(mapping: AddressSpace, start: usize, end: usize) -> bool {
    kfn!(invalidate_inode_pages2_range);
    if xa_empty(mapping) {
        return true;
    }
    let mut fbatch = FolioBatch::up_to(end.min(SLOTS));
    let mut index = start;
    let mut did_range_unmap = false;
    let mut all = true;
    while find_get_entries(mapping, &mut index, &mut fbatch) {
        for (folio, at) in fbatch.entries() {
            if !did_range_unmap && folio_mapped(folio) {
                unmap_mapping_pages(mapping, at, end - at, false);
                did_range_unmap = true;
            }
            folio_lock(folio);
            if bug(bugs::M_UNMAP_TRUNCATED) {
                unmap_mapping_folio(folio);
            }
            if folio_raw_mapping(folio).is(mapping) {
                all &= invalidate_locked(mapping, folio, at);
            }
            folio_unlock(folio);
        }
        clear_shadow_entries(mapping, &mut fbatch);
        folio_batch_release(&mut fbatch, Owner::LookupBatch);
    }
    all
}

/// One locked folio of [`invalidate_inode_pages2_range`].
fn invalidate_locked(mapping: AddressSpace, folio: Folio, index: usize) -> bool {
    vm_bug_on_folio(m().peek(folio.obj(Field::Index)) != index as u64, folio, VmBug::WrongIndex);
    folio_wait_writeback(folio);
    if folio_mapped(folio) {
        unmap_mapping_folio(folio);
    }
    vm_bug_on_folio(m().peek(folio.obj(Field::Mapcount)) != 0, folio, VmBug::Mapped);
    folio_launder(mapping, folio);
    invalidate_complete_folio2(mapping, folio)
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
