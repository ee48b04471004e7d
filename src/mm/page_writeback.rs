//! `mm/page-writeback.c`: dirtying, and writing out (MM-6.12 15).

use super::filemap::*;
use super::fs_aops::{self, Writepage};
use super::rmap::folio_mkclean;
use super::swap::folio_batch_release;
use super::{bug, kernel};
use crate::bugs;
use crate::kfn;
use crate::linux::mm_types::{AddressSpace, Folio};
use crate::linux::mmdebug::{peek_flags, vm_bug_on_folio};
use crate::linux::page_flags::*;
use crate::linux::pagemap::*;
use crate::linux::pagevec::FolioBatch;
use crate::linux::spinlock::{SpinLock, spin_lock_irq, spin_unlock_irq};
use crate::linux::xarray::{xas_clear_mark, xas_find_marked, xas_set_mark};
use crate::vocab::*;

/// `folio_mark_dirty()`, v6.12 (`set_page_dirty()` before v5.16). The caller keeps the folio in its mapping: by the
/// folio lock, by the page-table lock of an entry that maps it, or by its own writeback.
pub fn folio_mark_dirty(folio: Folio) {
    kfn!(folio_mark_dirty);
    let Some(mapping) = folio_mapping(folio) else {
        noop_dirty_folio(folio);
        return;
    };
    if kernel().has_writeback() && folio_test_reclaim(folio) {
        folio_clear_reclaim(folio);
    }
    if bug(bugs::M_NA_DIRTY) {
        __folio_set_dirty(folio);
        __folio_mark_dirty(folio, mapping);
        return;
    }
    fs_aops::dirty_folio(mapping, folio);
}

/// `noop_dirty_folio()`, v6.12: swap cache, ramfs, and folios without a mapping.
pub fn noop_dirty_folio(folio: Folio) -> bool {
    kfn!(noop_dirty_folio);
    !folio_test_dirty(folio) && !folio_test_set_dirty(folio)
}

/// `filemap_dirty_folio()`, v6.12 (`__set_page_dirty_nobuffers()` before). As [`folio_mark_dirty`]. Left out: inode
/// dirty lists.
pub fn filemap_dirty_folio(mapping: AddressSpace, folio: Folio) -> bool {
    kfn!(filemap_dirty_folio);
    if folio_test_set_dirty(folio) {
        return false;
    }
    __folio_mark_dirty(folio, mapping);
    true
}

/// `__folio_mark_dirty()`, v6.12: the xarray mark, unless the folio was truncated since PG_dirty was set. Left out:
/// accounting, the warning for a folio that is not uptodate.
pub fn __folio_mark_dirty(folio: Folio, mapping: AddressSpace) {
    kfn!(__folio_mark_dirty);
    spin_lock_irq(SpinLock::i_pages(mapping));
    if folio_raw_mapping(folio).is(mapping) && !bug(bugs::M_DIRTY_MARK) {
        xas_set_mark(mapping, folio_index(folio), MARK_DIRTY);
    }
    spin_unlock_irq(SpinLock::i_pages(mapping));
}

/// `folio_clear_dirty_for_io()`, v6.12. Folio locked. True: it was dirty and is to be written. The DIRTY mark stays
/// until writeback starts. Left out: accounting.
pub fn folio_clear_dirty_for_io(folio: Folio) -> bool {
    kfn!(folio_clear_dirty_for_io);
    vm_bug_on_folio(peek_flags(folio) & PG_LOCKED == 0, folio, VmBug::NotLocked);
    if folio_mapping(folio).is_some_and(mapping_can_writeback) && folio_mkclean(folio) {
        folio_mark_dirty(folio);
    }
    folio_test_clear_dirty(folio)
}

/// `folio_cancel_dirty()` (include/linux/pagemap.h), v6.12 (`cancel_dirty_page()` before). Folio locked. Left out:
/// accounting.
pub fn folio_cancel_dirty(folio: Folio) {
    kfn!(folio_cancel_dirty);
    if folio_test_dirty(folio) {
        __folio_cancel_dirty(folio);
    }
}

/// `__folio_cancel_dirty()`, v6.12.
fn __folio_cancel_dirty(folio: Folio) {
    kfn!(__folio_cancel_dirty);
    if !kernel().has_writeback() || folio_mapping(folio).is_some_and(mapping_can_writeback) {
        folio_test_clear_dirty(folio);
    } else if bug(bugs::SPLIT_CLEAR_DIRTY) {
        __folio_clear_dirty(folio); // __split_huge_page(), of a tail beyond the end of a tmpfs file
    } else {
        folio_clear_dirty(folio);
    }
}

/// `folio_start_writeback()` with `__folio_start_writeback()`, v6.12. Folio locked, not under writeback. Left out:
/// accounting, the keepwrite variant.
pub fn folio_start_writeback(folio: Folio) {
    kfn!(folio_start_writeback);
    __folio_start_writeback(folio);
}

fn __folio_start_writeback(folio: Folio) {
    kfn!(__folio_start_writeback);
    vm_bug_on_folio(peek_flags(folio) & PG_WRITEBACK != 0, folio, VmBug::Writeback);
    // mapping_use_writeback_tags(): every file's, not the swap cache.
    let Some(mapping) = folio_mapping(folio).filter(|m| !m.is_swap()) else {
        folio_test_set_writeback(folio);
        return;
    };
    spin_lock_irq(SpinLock::i_pages(mapping));
    let index = folio_index(folio);
    folio_test_set_writeback(folio);
    xas_set_mark(mapping, index, MARK_WRITEBACK);
    let dirty = if folio_test_dirty(folio) { 0 } else { MARK_DIRTY };
    xas_clear_mark(mapping, index, dirty | MARK_TOWRITE);
    spin_unlock_irq(SpinLock::i_pages(mapping));
}

/// `__folio_end_writeback()`, v6.12: true if somebody waits. PG_writeback keeps the mapping until i_pages is held,
/// which keeps it from there on. Left out: accounting.
pub fn __folio_end_writeback(folio: Folio) -> bool {
    kfn!(__folio_end_writeback);
    let Some(mapping) = folio_mapping(folio).filter(|m| !m.is_swap()) else {
        return clear_writeback_has_waiters(folio);
    };
    spin_lock_irq(SpinLock::i_pages(mapping));
    let index = folio_index(folio);
    let waiters = clear_writeback_has_waiters(folio);
    xas_clear_mark(mapping, index, MARK_WRITEBACK);
    spin_unlock_irq(SpinLock::i_pages(mapping));
    waiters
}

/// `folio_prepare_writeback()`, v6.12: whether the locked folio is to be written, with PG_dirty cleared.
fn folio_prepare_writeback(mapping: AddressSpace, sync: bool, folio: Folio) -> bool {
    kfn!(folio_prepare_writeback);
    if !folio_raw_mapping(folio).is(mapping) || !folio_test_dirty(folio) {
        return false;
    }
    if folio_test_writeback(folio) {
        if !sync {
            return false;
        }
        folio_wait_writeback(folio);
    }
    vm_bug_on_folio(peek_flags(folio) & PG_WRITEBACK != 0, folio, VmBug::Writeback);
    folio_clear_dirty_for_io(folio)
}

/// `tag_pages_for_writeback()`, v6.12: what is dirty now gets TOWRITE, so that a sync does not chase new dirt.
fn tag_pages_for_writeback(mapping: AddressSpace) {
    kfn!(tag_pages_for_writeback);
    spin_lock_irq(SpinLock::i_pages(mapping));
    let mut index = 0;
    while let Some((at, _)) = xas_find_marked(mapping, index, SLOTS, MARK_DIRTY) {
        xas_set_mark(mapping, at, MARK_TOWRITE);
        index = at + 1;
    }
    spin_unlock_irq(SpinLock::i_pages(mapping));
}

/// `write_cache_pages()` with `writeback_iter()`, v6.12, of the whole file. `sync`: WB_SYNC_ALL. The caller pins the
/// inode. Left out: range_cyclic, nr_to_write, error reporting.
pub fn write_cache_pages(mapping: AddressSpace, sync: bool) {
    kfn!(write_cache_pages);
    if !mapping_can_writeback(mapping) {
        return;
    }
    if sync {
        tag_pages_for_writeback(mapping);
    }
    writeback_iter(mapping, sync, |folio| {
        if fs_aops::writepage(mapping, folio) == Writepage::Activate {
            folio_unlock(folio);
        }
    });
}

/// `writeback_iter()`, v6.12: gives `write` each folio to be written, locked, with PG_dirty cleared and the batch's
/// reference.
fn writeback_iter(mapping: AddressSpace, sync: bool, write: impl Fn(Folio)) {
    kfn!(writeback_iter);
    let tag = if sync { MARK_TOWRITE } else { MARK_DIRTY };
    let mut fbatch = FolioBatch::new();
    let mut index = 0;
    while filemap_get_folios_tag(mapping, &mut index, tag, &mut fbatch) {
        for folio in fbatch.folios() {
            folio_lock(folio);
            if folio_prepare_writeback(mapping, sync, folio) {
                write(folio);
            } else {
                folio_unlock(folio);
            }
        }
        folio_batch_release(&mut fbatch, Owner::LookupBatch);
    }
}
