//! `mm/filemap.c`: the page cache, and waiting for folio bits.

mod fault;
mod lookup;
mod read;
mod wait;
mod write;

pub use fault::{filemap_fault, filemap_map_pages, filemap_page_mkwrite};
pub use lookup::*;
pub use read::{filemap_create_folio, filemap_read};
pub use wait::*;
pub use write::{filemap_fdatawait, filemap_write_and_wait, generic_perform_write, generic_perform_write_from};

use super::swap::{folio_add_lru, folio_put, folio_put_refs};
use super::{bug, fs_aops, kernel};
use crate::bugs;
use crate::kfn;
use crate::linux::mm_types::{AddressSpace, Folio};
use crate::linux::mmdebug::{peek_flags, vm_bug_on_folio};
use crate::linux::page_flags::*;
use crate::linux::page_ref::*;
use crate::linux::pagemap::*;
use crate::linux::pagevec::FolioBatch;
use crate::linux::rwsem::{RwSem, down_read, up_read};
use crate::linux::spinlock::*;
use crate::linux::xarray::*;
use crate::machine::m;
use crate::vocab::*;

/// `filemap_invalidate_lock_shared()` (include/linux/fs.h), since v5.15: pages may be added to the page cache, as no
/// hole is being punched and the file is not being truncated. May sleep.
pub(super) fn invalidate_lock_shared(mapping: AddressSpace) {
    if kernel().has_folios() && !bug(bugs::Z_NO_INVALIDATE_LOCK) {
        down_read(RwSem::invalidate_lock(mapping));
    }
}

/// `filemap_invalidate_unlock_shared()` (include/linux/fs.h), since v5.15.
pub(super) fn invalidate_unlock_shared(mapping: AddressSpace) {
    if kernel().has_folios() && !bug(bugs::Z_NO_INVALIDATE_LOCK) {
        up_read(RwSem::invalidate_lock(mapping));
    }
}

fn vm_bug_not_locked(folio: Folio) {
    vm_bug_on_folio(peek_flags(folio) & PG_LOCKED == 0, folio, VmBug::NotLocked);
}

// ----- removal (MM-6.12 3.6) -----

pub(super) fn nrpages_add(mapping: AddressSpace, nr: i64) {
    let add = |v: u64| Some(v.wrapping_add_signed(nr));
    let _ = m().rmw(mapping.obj(Field::NrPages), Order::Plain, Note::Nothing, mapping.aux(), add);
}

/// `page_cache_delete()`, v4.14 to v6.12. i_pages held, folio locked. Empties the slot, or leaves a shadow in it,
/// **then** clears `folio->mapping`; the index stays.
fn page_cache_delete(mapping: AddressSpace, folio: Folio, shadow: bool) {
    kfn!(page_cache_delete);
    vm_bug_not_locked(folio);
    let index = folio_index(folio);
    if shadow {
        xas_store_shadow(mapping, index);
    } else {
        xas_store(mapping, index, None);
    }
    if !bug(bugs::M_DELETE_ATTACHED) {
        folio_clear_mapping(folio);
    }
    nrpages_add(mapping, -1);
}

/// `filemap_unaccount_folio()`, v6.12: its checks that the folio is not mapped, and not dirty in a file that could have
/// written it. A buffer's user may dirty the folio without its lock at any time (`mark_buffer_dirty()`): the kernel
/// only warns, and nothing is asked of a folio that still has buffers. Left out: statistics, the repair of a mapped
/// folio without CONFIG_DEBUG_VM.
fn filemap_unaccount_folio(mapping: AddressSpace, folio: Folio) {
    kfn!(filemap_unaccount_folio);
    vm_bug_on_folio(m().peek(folio.obj(Field::Mapcount)) != 0, folio, VmBug::Mapped);
    let can_writeback = m().peek(mapping.obj(Field::AOps)) & AOPS_WRITEBACK != 0;
    vm_bug_on_folio(can_writeback && peek_flags(folio) & (PG_DIRTY | PG_PRIVATE) == PG_DIRTY, folio, VmBug::DirtyLost);
}

/// `__filemap_remove_folio()`, v6.12. i_pages held, folio locked. `shadow`: leave a value entry in the slot.
pub(super) fn __filemap_remove_folio(mapping: AddressSpace, folio: Folio, shadow: bool) {
    kfn!(__filemap_remove_folio);
    filemap_unaccount_folio(mapping, folio);
    page_cache_delete(mapping, folio, shadow);
}

/// `filemap_free_folio()`, v6.12 (`page_cache_free_page()` before). Dereferences `mapping->a_ops`: the folio is
/// detached by now, so the caller must pin the inode. Drops the cache's reference.
pub(super) fn filemap_free_folio(mapping: AddressSpace, folio: Folio) {
    kfn!(filemap_free_folio);
    let _free_folio = mapping_aops(mapping) & AOPS_FREE_FOLIO;
    folio_put_refs(folio, Owner::PageCache, 1);
    if bug(bugs::M_DOUBLE_PUT) {
        folio_put_refs(folio, Owner::PageCache, 1);
    }
}

/// The removal locks: `host->i_lock` outside i_pages since v5.16; only the tree lock before.
pub(super) fn lock_for_removal(mapping: AddressSpace) {
    if kernel().has_folios() {
        spin_lock(SpinLock::i_lock(mapping));
    }
    xa_lock_irq(mapping);
}

pub(super) fn unlock_after_removal(mapping: AddressSpace) {
    xa_unlock_irq(mapping);
    if kernel().has_folios() {
        spin_unlock(SpinLock::i_lock(mapping));
    }
}

/// `filemap_remove_folio()`, v6.12 (`delete_from_page_cache()` before). Folio locked and in `mapping`, caller holds a
/// reference and pins the inode. Left out: the inode LRU.
pub fn filemap_remove_folio(mapping: AddressSpace, folio: Folio) {
    kfn!(filemap_remove_folio);
    // What the kernel works on is `folio->mapping`, which the folio lock keeps.
    let Some((own, _)) = as_file_mapping(m().peek(folio.obj(Field::FolioMapping))) else {
        return m().note(Note::NullDeref, folio.obj(Field::FolioMapping), 0);
    };
    let mapping = if own == mapping.index as usize { mapping } else { AddressSpace::pinned(own) };
    vm_bug_not_locked(folio);
    lock_for_removal(mapping);
    __filemap_remove_folio(mapping, folio, false);
    unlock_after_removal(mapping);
    filemap_free_folio(mapping, folio);
}

/// `page_cache_delete_batch()`, v6.12. i_pages held, every folio locked. Walks the slots from the first folio's on, and
/// skips what is not in the batch. Clears `folio->mapping`, **then** empties the slot: the reverse of
/// [`page_cache_delete`].
fn page_cache_delete_batch(mapping: AddressSpace, fbatch: &FolioBatch) {
    kfn!(page_cache_delete_batch);
    let mut folios = fbatch.folios();
    let mut expected = folios.next();
    let mut index = expected.map_or(SLOTS, folio_index);
    let mut total_pages = 0;
    while let Some(folio) = expected
        && let Some((at, entry)) = xas_find_entry(mapping, index, SLOTS)
    {
        index = at + 1;
        let Entry::Folio(found) = entry else { continue };
        if found != folio {
            // Beyond ours: ours has been removed, which its lock forbids.
            let place = |folio: Folio| m().peek(folio.obj(Field::Index));
            vm_bug_on_folio(kernel().has_folios() && place(found) > place(folio), found, VmBug::WrongIndex);
            continue;
        }
        vm_bug_not_locked(folio);
        folio_clear_mapping(folio);
        xas_store(mapping, at, None);
        total_pages += 1;
        expected = folios.next();
    }
    nrpages_add(mapping, -total_pages);
}

/// `delete_from_page_cache_batch()`, v4.15 to v6.12. Every folio locked and in `mapping`; the caller pins the inode and
/// holds a reference on each.
pub fn delete_from_page_cache_batch(mapping: AddressSpace, fbatch: &FolioBatch) {
    kfn!(delete_from_page_cache_batch);
    if fbatch.count() == 0 {
        return;
    }
    lock_for_removal(mapping);
    for folio in fbatch.folios() {
        filemap_unaccount_folio(mapping, folio);
    }
    page_cache_delete_batch(mapping, fbatch);
    unlock_after_removal(mapping);
    for folio in fbatch.folios() {
        filemap_free_folio(mapping, folio);
    }
}

// ----- adding (MM-6.12 3.2, 3.3) -----

/// `__filemap_add_folio()`, v6.12. Folio locked and new; the caller holds a reference and pins the inode. `None`: the
/// index is taken (-EEXIST), nothing changed; else whether a shadow was there. Left out: node allocation, memcg.
fn __filemap_add_folio(mapping: AddressSpace, folio: Folio, index: usize) -> Option<bool> {
    kfn!(__filemap_add_folio);
    vm_bug_not_locked(folio);
    vm_bug_on_folio(peek_flags(folio) & PG_SWAPBACKED != 0, folio, VmBug::SwapBacked);
    folio_ref_add(folio, Owner::PageCache, 1);
    folio_set_mapping(folio, mapping);
    if !bug(bugs::M_ADD_INDEX) {
        folio_set_index(folio, index);
    }
    xa_lock_irq(mapping);
    let old = xas_load_entry(mapping, index);
    if matches!(old, Entry::Folio(_)) && !bug(bugs::M_NRPAGES) {
        xa_unlock_irq(mapping);
        if !bug(bugs::M_FREE_ATTACHED) {
            folio_clear_mapping(folio);
        }
        folio_put_refs(folio, Owner::PageCache, 1);
        return None;
    }
    xas_store(mapping, index, Some(folio));
    nrpages_add(mapping, 1);
    xa_unlock_irq(mapping);
    Some(old == Entry::Value)
}

/// `workingset_refault()` (mm/workingset.c), v6.12, of a page evicted recently: it belongs on the active list. Left
/// out: refault distances, PG_workingset.
fn workingset_refault(folio: Folio) {
    kfn!(workingset_refault);
    folio_set_active(folio);
}

/// `filemap_add_folio()`, v6.12. The caller holds the only reference and pins the inode. True: the folio is in the
/// cache, locked, not uptodate, and in this CPU's lru_add batch. Left out: memcg, refault accounting.
pub fn filemap_add_folio(mapping: AddressSpace, folio: Folio, index: usize) -> bool {
    kfn!(filemap_add_folio);
    __folio_set_locked(folio);
    let added = __filemap_add_folio(mapping, folio, index);
    if let Some(shadow) = added {
        vm_bug_on_folio(kernel().has_folios() && peek_flags(folio) & PG_ACTIVE != 0, folio, VmBug::Active);
        if shadow {
            workingset_refault(folio);
        }
        folio_add_lru(folio);
    } else if !bug(bugs::M_BADPAGE) {
        __folio_clear_locked(folio);
    }
    added.is_some()
}

// ----- replacement (MM-6.12 3.6) -----

/// `replace_page_cache_folio()`, v6.12: `new` takes the place of `old`. Both locked; the caller holds a reference on
/// each; `new` is in no mapping and does not enter the LRU. Left out: memcg.
pub fn replace_page_cache_folio(old: Folio, new: Folio) {
    kfn!(replace_page_cache_folio);
    vm_bug_not_locked(old);
    vm_bug_not_locked(new);
    vm_bug_on_folio(m().peek(new.obj(Field::FolioMapping)) != 0, new, VmBug::WrongMapping);
    let Some(mapping) = folio_raw_mapping(old).file() else { return };
    // While `old` is attached: nothing else may pin the inode.
    let _free_folio = mapping_aops(mapping) & AOPS_FREE_FOLIO;
    let index = folio_index(old);
    folio_get(new, Owner::PageCache);
    folio_set_mapping(new, mapping);
    folio_set_index(new, index);
    xa_lock_irq(mapping);
    xas_store(mapping, index, Some(new));
    folio_clear_mapping(old);
    xa_unlock_irq(mapping);
    folio_put(old, Owner::PageCache);
}

// ----- private data (MM-6.12 4.6) -----

/// `folio_needs_release()` (mm/internal.h), v6.12. Folio locked.
pub(super) fn folio_needs_release(folio: Folio, mapping: Option<AddressSpace>) -> bool {
    kfn!(folio_needs_release);
    folio_has_private(folio) || mapping.is_some_and(mapping_release_always)
}

/// `filemap_release_folio()`, v6.12 (`try_to_release_page()` before). Folio locked, a reference held. True: it has no
/// private data any more and may be freed.
pub fn filemap_release_folio(folio: Folio) -> bool {
    kfn!(filemap_release_folio);
    vm_bug_not_locked(folio);
    let mapping = folio_raw_mapping(folio).file();
    if !folio_needs_release(folio, mapping) {
        return true;
    }
    if folio_test_writeback(folio) {
        return false;
    }
    match mapping {
        Some(mapping) => fs_aops::release_folio(mapping, folio),
        None => super::fs_buffer::try_to_free_buffers(folio),
    }
}
