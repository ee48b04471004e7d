//! `mm/shmem.c`: tmpfs, as v6.12 has it. A page of a file without a device is in the page cache, swap-backed and on an
//! anonymous list, or swapped out: then the file's slot names the swap slot. Left out: large folios, quotas and
//! accounting but for `info->swapped`, `info->lock` around it, fallocate but for holes, the wait of a fault for a hole
//! that is being punched (`i_private`), poisoned entries, NUMA policies, userfaultfd's minor faults.

use super::bug;
use super::filemap::*;
use super::fs_aops::Writepage;
use super::memory::unmap_mapping_pages;
use super::page_alloc::folio_alloc;
use super::page_io::swap_writepage;
use super::page_writeback::folio_mark_dirty;
use super::swap::{folio_add_lru, folio_batch_release, folio_mark_accessed, folio_put, folio_put_refs};
use super::swap_state::{add_to_swap_cache, delete_from_swap_cache, read_swap_cache_async, swap_cache_get_folio};
use super::swapfile::*;
use super::truncate::{discard, truncate_inode_folio, truncate_inode_partial_folio};
use super::userfaultfd::mfill_atomic_install_pte;
use crate::bugs;
use crate::kfn;
use crate::linux::fault::{VmFault, VmFaultInfo};
use crate::linux::fs::{i_size_read, i_size_write, inode_pin, inode_unpin};
use crate::linux::highmem::{
    clear_user_highpage, copy_folio_from_user, copy_folio_to_user, copy_page_from_user, page_id,
};
use crate::linux::mm_types::{AddressSpace, Folio, Vma};
use crate::linux::mmdebug::{bug_on, peek_flags, vm_bug_on_folio};
use crate::linux::page_flags::*;
use crate::linux::page_ref::{folio_ref_add, folio_ref_sub, folio_ref_transfer};
use crate::linux::pagemap::*;
use crate::linux::pagevec::FolioBatch;
use crate::linux::rwsem::{RwSem, down_write, up_write};
use crate::linux::shmem_fs::*;
use crate::linux::xarray::*;
use crate::machine::m;
use crate::vocab::*;

/// Why there is no folio.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ShmemError {
    /// -EEXIST: the slot has changed; look again.
    Exist,
    /// -EINVAL: beyond the end of the file, or swap is off.
    Inval,
    NoMemory,
}

/// `enum sgp_type`: what the folio is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Debug)]
pub enum Sgp {
    /// Do not exceed i_size, do not allocate.
    Read,
    /// Do not exceed i_size, allocate.
    Cache,
    /// May exceed i_size; all of a new folio will be written.
    Write,
}

/// `shmem_recalc_inode()`, v6.12: `nr` more pages of the file are swapped out.
fn shmem_recalc_inode(mapping: AddressSpace, nr: i64) {
    kfn!(shmem_recalc_inode);
    swapped_add(mapping, nr);
}

// ----- the page cache -----

/// `shmem_add_to_page_cache()`, v6.12. Folio locked and swap-backed; the caller holds a reference and pins the inode.
/// True: it is in the slot, which held `expected` (a swap entry, or nothing). False (-EEXIST): the slot is as it was.
/// Left out: throttling, node allocation.
pub(super) fn shmem_add_to_page_cache(
    folio: Folio,
    mapping: AddressSpace,
    index: usize,
    expected: Option<usize>,
) -> bool {
    kfn!(shmem_add_to_page_cache);
    vm_bug_on_folio(peek_flags(folio) & PG_LOCKED == 0, folio, VmBug::NotLocked);
    vm_bug_on_folio(peek_flags(folio) & PG_SWAPBACKED == 0, folio, VmBug::SwapBacked);
    folio_ref_add(folio, Owner::PageCache, 1);
    folio_set_mapping(folio, mapping);
    folio_set_index(folio, index);
    xa_lock_irq(mapping);
    let added = xas_load_entry(mapping, index) == expected.map_or(Entry::None, Entry::Swap);
    if added {
        xas_store(mapping, index, Some(folio));
        nrpages_add(mapping, 1);
    }
    xa_unlock_irq(mapping);
    if !added {
        folio_clear_mapping(folio);
        folio_ref_sub(folio, Owner::PageCache, 1);
    }
    added
}

/// `shmem_delete_from_page_cache()`, v6.12: the swap slot takes the folio's place in the file. Folio locked, in the
/// swap cache, which has a reference. Nothing pins the inode afterwards.
fn shmem_delete_from_page_cache(folio: Folio, mapping: AddressSpace, slot: usize) {
    kfn!(shmem_delete_from_page_cache);
    xa_lock_irq(mapping);
    let index = folio_index(folio);
    let there = xas_load_entry(mapping, index) == Entry::Folio(folio); // shmem_replace_entry()
    if there {
        xas_store_swap(mapping, index, slot);
    }
    folio_clear_mapping(folio);
    nrpages_add(mapping, -1);
    xa_unlock_irq(mapping);
    folio_put_refs(folio, Owner::PageCache, 1);
    bug_on(!there, VmBug::WrongMapping);
}

/// `shmem_free_swap()`, v6.12: the swap entry leaves the file, and its slot is free. The caller pins the inode. False:
/// something else is there by now.
fn shmem_free_swap(mapping: AddressSpace, index: usize, slot: usize) -> bool {
    kfn!(shmem_free_swap);
    xa_lock_irq(mapping); // xa_cmpxchg_irq()
    let there = xas_load_entry(mapping, index) == Entry::Swap(slot);
    if there {
        xas_store(mapping, index, None);
        // What was written since the truncation began, which drivers keep out by nothing, goes with it.
        discard(mapping, index);
    }
    xa_unlock_irq(mapping);
    if there {
        free_swap_and_cache(slot);
    }
    there
}

/// `shmem_confirm_swap()`, v6.12: whether the slot still names that swap slot. The caller pins the inode.
fn shmem_confirm_swap(mapping: AddressSpace, index: usize, slot: usize) -> bool {
    kfn!(shmem_confirm_swap);
    xas_load_entry(mapping, index) == Entry::Swap(slot)
}

// ----- truncation -----

/// `shmem_get_partial_folio()`, v6.12: the folio at an edge of the range, locked and with a `Fault` reference; brought
/// back from swap if it is within the file.
fn shmem_get_partial_folio(mapping: AddressSpace, index: usize) -> Option<Folio> {
    kfn!(shmem_get_partial_folio);
    match get_entry(mapping, index, Owner::Fault) {
        Entry::None => return None,
        Entry::Folio(folio) => {
            folio_lock(folio);
            if folio_raw_mapping(folio).is(mapping) {
                return Some(folio);
            }
            folio_unlock(folio);
            folio_put(folio, Owner::Fault);
        }
        _ => {}
    }
    shmem_get_folio(mapping, index, Sgp::Read).ok().flatten()
}

/// The edge of [`shmem_undo_range`] at `index`. Edges are page aligned: the folio is wholly inside.
fn undo_edge(mapping: AddressSpace, start: usize, end: usize, index: usize) {
    let Some(folio) = shmem_get_partial_folio(mapping, index) else { return };
    folio_mark_dirty(folio);
    truncate_inode_partial_folio(folio, start, end);
    folio_unlock(folio);
    folio_put(folio, Owner::Fault);
}

/// One batch of the blocking pass. Swap entries that were freed are counted. Some: something was replaced by something
/// else, the pass is to go on from there.
fn undo_batch(mapping: AddressSpace, fbatch: &FolioBatch, freed: &mut i64) -> Option<usize> {
    for at in 0..SLOTS {
        if let Some(slot) = fbatch.swap_at(at) {
            if !shmem_free_swap(mapping, at, slot) {
                return Some(at);
            }
            *freed += 1;
        } else if let Some(folio) = fbatch.folio_at(at) {
            folio_lock(folio);
            if folio_mapping(folio) != Some(mapping) {
                folio_unlock(folio);
                return Some(at);
            }
            vm_bug_on_folio(peek_flags(folio) & PG_WRITEBACK != 0, folio, VmBug::Writeback);
            truncate_inode_folio(mapping, folio);
            folio_unlock(folio);
        }
    }
    None
}

/// `shmem_undo_range()`, v6.12, of pages `start..end`; an `end` of [`SLOTS`] means all there will ever be, and only
/// then is the range looked through until it is empty. i_rwsem held, or the inode is being evicted. Left out: undoing a
/// failed fallocate, zeroing parts.
fn shmem_undo_range(mapping: AddressSpace, start: usize, end: usize) {
    kfn!(shmem_undo_range);
    let mut fbatch = FolioBatch::up_to(end);
    let (mut index, mut freed) = (start, 0);
    while index < end && find_lock_entries(mapping, &mut index, &mut fbatch) {
        for at in fbatch.values() {
            let gone = fbatch.swap_at(at).is_some_and(|slot| shmem_free_swap(mapping, at, slot));
            freed += i64::from(gone);
        }
        for folio in fbatch.folios() {
            truncate_inode_folio(mapping, folio);
            folio_unlock(folio);
        }
        fbatch.remove_exceptionals();
        folio_batch_release(&mut fbatch, Owner::LookupBatch);
    }
    if start < end {
        undo_edge(mapping, start, end, start);
    }
    if end < SLOTS && end - 1 > start {
        undo_edge(mapping, start, end, end - 1);
    }
    index = start;
    while index < end || end == SLOTS {
        if !find_get_entries(mapping, &mut index, &mut fbatch) {
            if index == start || end < SLOTS {
                break;
            }
            index = start;
            continue;
        }
        if let Some(again) = undo_batch(mapping, &fbatch, &mut freed) {
            index = again;
        }
        fbatch.remove_exceptionals();
        folio_batch_release(&mut fbatch, Owner::LookupBatch);
    }
    shmem_recalc_inode(mapping, -freed);
}

/// `shmem_truncate_range()`, v6.12, of pages `start..end`. As [`shmem_undo_range`]; drivers call it on their own files
/// with no lock.
pub fn shmem_truncate_range(mapping: AddressSpace, start: usize, end: usize) {
    kfn!(shmem_truncate_range);
    for index in start..end {
        discard(mapping, index);
    }
    shmem_undo_range(mapping, start, end);
}

/// `shmem_setattr()`, v6.12, of the size, in pages. i_rwsem held for writing; tmpfs does not use invalidate_lock.
pub fn shmem_setattr(mapping: AddressSpace, newsize: usize) {
    kfn!(shmem_setattr);
    let oldsize = i_size_read(mapping);
    if newsize != oldsize {
        i_size_write(mapping, newsize);
    }
    if newsize > oldsize {
        return;
    }
    let unmap = || {
        if oldsize > newsize {
            unmap_mapping_pages(mapping, newsize, SLOTS - newsize, true);
        }
    };
    unmap();
    shmem_truncate_range(mapping, newsize, SLOTS);
    unmap();
    m().note(Note::TruncateEnd, Obj::NONE, page_id(mapping.index as usize, newsize));
}

/// `shmem_fallocate()`, v6.12, FALLOC_FL_PUNCH_HOLE of pages `start..end`. i_rwsem held for writing. Private copies
/// stay.
pub fn shmem_fallocate(mapping: AddressSpace, start: usize, end: usize) {
    kfn!(shmem_fallocate);
    let end = end.min(SLOTS);
    if start >= end {
        return;
    }
    unmap_mapping_pages(mapping, start, end - start, false);
    shmem_truncate_range(mapping, start, end);
}

/// `shmem_evict_inode()`, v6.12, up to `clear_inode()`. Nobody else can get the inode but swapoff, by the list.
pub(super) fn shmem_evict_inode(mapping: AddressSpace) {
    kfn!(shmem_evict_inode);
    mapping_set_exiting(mapping);
    shmem_truncate_range(mapping, 0, SLOTS);
    while on_swaplist(mapping) {
        wait_stop_eviction(mapping);
        down_write(RwSem::shmem_swaplist());
        if !stop_eviction(mapping) {
            swaplist_del(mapping);
        }
        up_write(RwSem::shmem_swaplist());
    }
}

// ----- swapping out and in -----

/// `shmem_writepage()`, v6.12: moves a folio from the file to the swap cache and starts to write it. Called by reclaim
/// only. Folio locked, uptodate, unmapped, PG_dirty cleared by the caller; the lock pins the inode until the folio
/// has left the file, from when on only the mutex keeps an evictor waiting.
pub(super) fn shmem_writepage(mapping: AddressSpace, folio: Folio) -> Writepage {
    kfn!(shmem_writepage);
    let Some(slot) = folio_alloc_swap() else { return redirty(folio) };
    let peeked = bug(bugs::SHMEM_PEEK) && on_swaplist(mapping);
    if !peeked {
        down_write(RwSem::shmem_swaplist());
        if !on_swaplist(mapping) {
            swaplist_add(mapping);
        }
    }
    let added = add_to_swap_cache(folio, slot);
    if added {
        shmem_recalc_inode(mapping, 1);
        if !bug(bugs::SHMEM_COUNT_LATE) {
            swap_shmem_alloc(slot);
        }
        shmem_delete_from_page_cache(folio, mapping, slot);
        if bug(bugs::SHMEM_COUNT_LATE) {
            swap_shmem_alloc(slot);
        }
    }
    if !peeked {
        up_write(RwSem::shmem_swaplist());
    }
    if !added {
        put_swap_folio(slot);
        return redirty(folio);
    }
    vm_bug_on_folio(m().peek(folio.obj(Field::Mapcount)) != 0, folio, VmBug::Mapped);
    if swap_writepage(folio) { Writepage::Done } else { Writepage::Activate }
}

fn redirty(folio: Folio) -> Writepage {
    folio_mark_dirty(folio);
    Writepage::Activate
}

/// `shmem_swapin_cluster()`, v6.12, with a window of one: the slot's folio with a `Fault` reference.
fn shmem_swapin_cluster(slot: usize) -> Option<Folio> {
    kfn!(shmem_swapin_cluster);
    read_swap_cache_async(slot)
}

/// `shmem_swapin_folio()`, v6.12: brings the page in `slot` back into the file. The caller pins the inode. Ok: locked,
/// uptodate, in the file, with a `Fault` reference. Left out: read errors, replacing a folio in the wrong zone.
fn shmem_swapin_folio(mapping: AddressSpace, index: usize, slot: usize, sgp: Sgp) -> Result<Folio, ShmemError> {
    kfn!(shmem_swapin_folio);
    let error = |otherwise| if shmem_confirm_swap(mapping, index, slot) { otherwise } else { ShmemError::Exist };
    if !get_swap_device() {
        return Err(error(ShmemError::Inval));
    }
    let found = swap_cache_get_folio(slot, Owner::Fault).or_else(|| shmem_swapin_cluster(slot));
    let result = match found {
        None => Err(error(ShmemError::NoMemory)),
        Some(folio) => swap_in_locked(mapping, index, slot, sgp, folio),
    };
    put_swap_device();
    result
}

/// [`shmem_swapin_folio`] from the folio lock on; on failure the lock and the reference are gone.
fn swap_in_locked(
    mapping: AddressSpace,
    index: usize,
    slot: usize,
    sgp: Sgp,
    folio: Folio,
) -> Result<Folio, ShmemError> {
    let failed = |folio| {
        folio_unlock(folio);
        folio_put(folio, Owner::Fault);
        Err(ShmemError::Exist)
    };
    folio_lock(folio);
    let same = folio_test_swapcache(folio) && folio_swap(folio) == Some(slot);
    if !same || !shmem_confirm_swap(mapping, index, slot) {
        return failed(folio);
    }
    folio_wait_writeback(folio);
    if !shmem_add_to_page_cache(folio, mapping, index, Some(slot)) {
        // free_swap_and_cache() only tries the folio lock: the entry may have been truncated since it was confirmed.
        bug_on(bug(bugs::SHMEM_SWAPIN_SURE), VmBug::SwapMap);
        return failed(folio);
    }
    shmem_recalc_inode(mapping, -1);
    if sgp == Sgp::Write {
        folio_mark_accessed(folio);
    }
    delete_from_swap_cache(folio);
    folio_mark_dirty(folio);
    swap_free(slot);
    Ok(folio)
}

// ----- swapoff -----

/// `shmem_find_swap_entries()` with `shmem_unuse_swap_entries()`, v6.12: brings in the swapped pages from `*start` on,
/// which becomes the last of them. None (-ENOMEM): no frame for one. False: there were none.
fn shmem_unuse_swap_entries(mapping: AddressSpace, start: &mut usize) -> Option<bool> {
    kfn!(shmem_unuse_swap_entries);
    let mut entries = FolioBatch::new();
    let mut index = *start;
    while let Some((at, entry)) = xas_find_entry(mapping, index, SLOTS) {
        if let Entry::Swap(slot) = entry {
            entries.add_value(at, Some(slot));
            *start = at;
        }
        index = at + 1;
    }
    for at in entries.values() {
        let Some(slot) = entries.swap_at(at) else { continue };
        match shmem_swapin_folio(mapping, at, slot, Sgp::Cache) {
            Ok(folio) => {
                folio_unlock(folio);
                folio_put(folio, Owner::Fault);
            }
            Err(ShmemError::NoMemory) => return None,
            Err(_) => {}
        }
    }
    Some(entries.has_values())
}

/// `shmem_unuse_inode()`, v6.12: until the file has no swapped page any more. False: -ENOMEM.
fn shmem_unuse_inode(mapping: AddressSpace) -> bool {
    kfn!(shmem_unuse_inode);
    let mut start = 0;
    loop {
        match shmem_unuse_swap_entries(mapping, &mut start) {
            None => return false,
            Some(false) => return true,
            Some(true) => {}
        }
    }
}

/// `shmem_unuse()`, v6.12: swapoff's walk over the files that have swapped pages. While a file is looked through
/// without the mutex, `stop_eviction` keeps its inode. False: -ENOMEM.
pub(super) fn shmem_unuse() -> bool {
    if !tmpfs_mounted() {
        return true;
    }
    kfn!(shmem_unuse);
    if shmem_swaplist().is_empty() {
        return true;
    }
    let mut done = true;
    down_write(RwSem::shmem_swaplist());
    let mut next = 0;
    while let Some(i) = shmem_swaplist().iter().find(|i| *i >= next).filter(|_| done) {
        next = i + 1;
        inode_pin(i);
        let mapping = AddressSpace::pinned(i);
        if swapped(mapping) == 0 {
            swaplist_del(mapping);
            inode_unpin(i);
            continue;
        }
        if !bug(bugs::SHMEM_UNUSE_UNPINNED) {
            stop_eviction_inc(mapping);
        }
        up_write(RwSem::shmem_swaplist());
        done = shmem_unuse_inode(mapping);
        down_write(RwSem::shmem_swaplist());
        if swapped(mapping) == 0 {
            swaplist_del(mapping);
        }
        if !bug(bugs::SHMEM_UNUSE_UNPINNED) {
            stop_eviction_dec(mapping);
        }
        inode_unpin(i);
    }
    up_write(RwSem::shmem_swaplist());
    done
}

// ----- finding a page -----

/// `shmem_alloc_and_add_folio()`, v6.12, of one page. Ok: locked, not uptodate, in the file and this CPU's lru_add
/// batch, with a `Fault` reference.
fn shmem_alloc_and_add_folio(mapping: AddressSpace, index: usize) -> Result<Folio, ShmemError> {
    kfn!(shmem_alloc_and_add_folio);
    let folio = folio_alloc().ok_or(ShmemError::NoMemory)?;
    folio_ref_transfer(folio, Owner::Alloc, Owner::Fault);
    __folio_set_locked(folio);
    __folio_set_swapbacked(folio);
    if !shmem_add_to_page_cache(folio, mapping, index, None) {
        folio_unlock(folio);
        folio_put(folio, Owner::Fault);
        return Err(ShmemError::Exist);
    }
    folio_add_lru(folio);
    Ok(folio)
}

/// One round of [`shmem_get_folio_gfp`]; -EEXIST: look again.
fn get_folio_once(mapping: AddressSpace, index: usize, sgp: Sgp) -> Result<Option<Folio>, ShmemError> {
    let beyond = || sgp <= Sgp::Cache && index >= i_size_read(mapping);
    if beyond() {
        return Err(ShmemError::Inval);
    }
    match get_entry(mapping, index, Owner::Fault) {
        Entry::Swap(slot) => return shmem_swapin_folio(mapping, index, slot, sgp).map(Some),
        Entry::Folio(folio) => {
            folio_lock(folio);
            if !folio_raw_mapping(folio).is(mapping) {
                folio_unlock(folio);
                folio_put(folio, Owner::Fault);
                return Err(ShmemError::Exist);
            }
            if sgp == Sgp::Write && bug(bugs::SHMEM_ACCESSED) {
                __folio_set_referenced(folio); // init_page_accessed()
            } else if sgp == Sgp::Write {
                folio_mark_accessed(folio);
            }
            // Uptodate: there are no pages of fallocate().
            return Ok(Some(folio));
        }
        _ if sgp == Sgp::Read => return Ok(None),
        _ => {}
    }
    let folio = shmem_alloc_and_add_folio(mapping, index)?;
    if sgp == Sgp::Write {
        folio_set_referenced(folio);
    } else {
        clear_user_highpage(folio);
        folio_mark_uptodate(folio);
    }
    if beyond() {
        filemap_remove_folio(mapping, folio);
        folio_unlock(folio);
        folio_put(folio, Owner::Fault);
        return Err(ShmemError::Inval);
    }
    Ok(Some(folio))
}

/// `shmem_get_folio_gfp()`, v6.12. The caller pins the inode. The folio is locked, in the file, with a `Fault`
/// reference, and uptodate unless it is new and for [`Sgp::Write`]; `None`: a hole, for [`Sgp::Read`].
fn shmem_get_folio_gfp(mapping: AddressSpace, index: usize, sgp: Sgp) -> Result<Option<Folio>, ShmemError> {
    kfn!(shmem_get_folio_gfp);
    loop {
        match get_folio_once(mapping, index, sgp) {
            Err(ShmemError::Exist) => {}
            result => return result,
        }
    }
}

/// `shmem_get_folio()`, v6.12. As [`shmem_get_folio_gfp`].
pub fn shmem_get_folio(mapping: AddressSpace, index: usize, sgp: Sgp) -> Result<Option<Folio>, ShmemError> {
    shmem_get_folio_gfp(mapping, index, sgp)
}

/// `shmem_fault()`, v6.12. mmap_lock held; the VMA's file pins the inode. `Locked`: `vmf.page` is locked, with a fault
/// reference.
pub(super) fn shmem_fault(vmf: &mut VmFaultInfo) -> VmFault {
    kfn!(shmem_fault);
    let Some(mapping) = vmf.vma.vm_file() else { return VmFault::Sigbus };
    match shmem_get_folio_gfp(mapping, vmf.pgoff(), Sgp::Cache) {
        Ok(folio) => {
            vmf.page = folio;
            VmFault::Locked
        }
        Err(ShmemError::NoMemory) => VmFault::Oom,
        Err(_) => VmFault::Sigbus,
    }
}

/// `shmem_file_read_iter()`, v6.12, of one page. The caller pins the inode.
pub fn shmem_file_read_iter(mapping: AddressSpace, index: usize) {
    kfn!(shmem_file_read_iter);
    if index >= i_size_read(mapping) {
        return;
    }
    let Ok(Some(folio)) = shmem_get_folio(mapping, index, Sgp::Read) else { return };
    folio_unlock(folio);
    // Reads do not have the i_rwsem: what lies beyond the size now is not to be shown.
    if index < i_size_read(mapping) {
        folio_mark_accessed(folio);
        copy_folio_to_user(folio, page_id(mapping.index as usize, index));
    }
    folio_put(folio, Owner::Fault);
}

/// `shmem_write_begin()`, the copy, and `shmem_write_end()`, v6.12, for `generic_perform_write()` of one whole page.
/// i_rwsem held for writing.
pub(super) fn shmem_write_begin(mapping: AddressSpace, index: usize) {
    kfn!(shmem_write_begin);
    let Ok(Some(folio)) = shmem_get_folio(mapping, index, Sgp::Write) else { return };
    copy_folio_from_user(folio, page_id(mapping.index as usize, index));
    shmem_write_end(mapping, index, folio);
}

/// `shmem_write_end()`, v6.12. Folio locked, with a `Fault` reference, which goes.
fn shmem_write_end(mapping: AddressSpace, index: usize, folio: Folio) {
    kfn!(shmem_write_end);
    if index >= i_size_read(mapping) {
        i_size_write(mapping, index + 1);
    }
    if !folio_test_uptodate(folio) {
        folio_mark_uptodate(folio);
    }
    folio_mark_dirty(folio);
    folio_unlock(folio);
    folio_put(folio, Owner::Fault);
}

/// `shmem_read_folio_gfp()`, v6.12: as a driver has a page of the file made. The caller pins the inode. True: it is
/// there.
pub fn shmem_read_folio_gfp(mapping: AddressSpace, index: usize) -> bool {
    kfn!(shmem_read_folio_gfp);
    let Ok(Some(folio)) = shmem_get_folio(mapping, index, Sgp::Cache) else { return false };
    folio_unlock(folio);
    folio_put(folio, Owner::Fault);
    true
}

/// `shmem_mfill_atomic_pte()`, v6.12: UFFDIO_COPY into a hole of the file. mmap_lock held, shared VMA; its file pins
/// the inode. True: the new page is in the file and mapped. Left out: zero pages, accounting.
pub(super) fn shmem_mfill_atomic_pte(vma: Vma, addr: usize) -> bool {
    kfn!(shmem_mfill_atomic_pte);
    let Some(mapping) = vma.vm_file() else { return false };
    let Some(folio) = folio_alloc() else { return false };
    let index = vma.linear_page_index(addr);
    copy_page_from_user(folio);
    __folio_set_locked(folio);
    __folio_set_swapbacked(folio);
    __folio_mark_uptodate(folio);
    let added = index < i_size_read(mapping) && shmem_add_to_page_cache(folio, mapping, index, None);
    let installed = added && mfill_atomic_install_pte(vma, addr, folio);
    if added && !installed {
        filemap_remove_folio(mapping, folio);
    }
    folio_unlock(folio);
    if !installed {
        folio_put(folio, Owner::Alloc);
    }
    installed
}
