//! `fs/iomap/buffered-io.c` (`fs/iomap.c` in v5.0): per-folio block state (MM-6.12 12.4, ERAS B.F12). Attached as for a
//! folio of several blocks, which all change together here.

use super::filemap::*;
use super::fs_aops::{beyond_eof, complete_read, complete_write, start_read, start_write};
use super::page_writeback::*;
use super::swap::folio_put;
use super::{bug, kernel};
use crate::bugs;
use crate::kfn;
use crate::linux::buffer_head::*;
use crate::linux::mm_types::*;
use crate::linux::mmdebug::{peek_flags, vm_bug_on_folio};
use crate::linux::page_flags::*;
use crate::linux::page_ref::folio_get;
use crate::linux::pagemap::*;
use crate::vocab::*;

/// `folio->private` of a folio with an `iomap_folio_state`.
const IFS: u64 = 1;

/// Attaches the state if there is none. Folio locked, or kept in its mapping otherwise.
fn iomap_state(folio: Folio) {
    if kernel().has_folios() {
        ifs_alloc(folio);
    } else {
        iomap_page_create(folio);
    }
}

/// `iomap_page_create()` (fs/iomap.c), v5.0 (ERAS B.F12). Page locked. From v4.19 to v5.0-rc5 without the reference
/// that PG_private stands for (fix 8e47a457321c).
pub fn iomap_page_create(page: Folio) {
    kfn!(iomap_page_create);
    if folio_test_private(page) {
        return;
    }
    let uptodate = if folio_test_uptodate(page) { BH_UPTODATE } else { 0 };
    let dirty = if folio_test_dirty(page) { BH_DIRTY } else { 0 };
    alloc_ifs(page, uptodate | dirty);
    if !bug(bugs::B_V0) {
        folio_get(page, Owner::Private);
    }
    folio_set_private_word(page, IFS);
    folio_set_private(page);
}

/// `iomap_page_release()` (fs/iomap.c), v5.0 (ERAS B.F12). Page locked, a reference held: the put is not the last.
fn iomap_page_release(page: Folio) {
    kfn!(iomap_page_release);
    if !folio_test_private(page) {
        return;
    }
    vm_bug_on_folio(peek_ifs_pending(page) != 0, page, VmBug::Writeback);
    folio_clear_private(page);
    folio_set_private_word(page, 0);
    if !bug(bugs::B_V0) {
        folio_put(page, Owner::Private);
    }
}

/// `ifs_alloc()`, v6.12: attaches the state if there is none. Folio locked, or kept in its mapping otherwise.
pub fn ifs_alloc(folio: Folio) {
    kfn!(ifs_alloc);
    if folio_private(folio) != 0 {
        return;
    }
    let uptodate = if folio_test_uptodate(folio) { BH_UPTODATE } else { 0 };
    let dirty = if folio_test_dirty(folio) { BH_DIRTY } else { 0 };
    alloc_ifs(folio, uptodate | dirty);
    folio_attach_private(folio, IFS);
}

/// `ifs_free()`, v6.12. Folio locked. No I/O may be pending.
fn ifs_free(folio: Folio) {
    if !kernel().has_folios() {
        return iomap_page_release(folio);
    }
    kfn!(ifs_free);
    if folio_detach_private(folio).is_some() {
        vm_bug_on_folio(peek_ifs_pending(folio) != 0, folio, VmBug::Writeback);
    }
}

/// `iomap_release_folio()`, v6.12. Folio locked. True: no private data any more.
pub fn iomap_release_folio(folio: Folio) -> bool {
    kfn!(iomap_release_folio);
    if folio_test_dirty(folio) {
        return false;
    }
    ifs_free(folio);
    true
}

/// `iomap_invalidate_folio()`, v6.12, of the whole folio. Folio locked, not under writeback.
pub fn iomap_invalidate_folio(folio: Folio) {
    kfn!(iomap_invalidate_folio);
    vm_bug_on_folio(peek_flags(folio) & PG_WRITEBACK != 0, folio, VmBug::Writeback);
    folio_cancel_dirty(folio);
    ifs_free(folio);
}

/// `iomap_dirty_folio()`, v6.12. As [`folio_mark_dirty`].
pub fn iomap_dirty_folio(mapping: AddressSpace, folio: Folio) -> bool {
    kfn!(iomap_dirty_folio);
    if !kernel().has_folios() {
        // iomap_set_page_dirty() has no state to create: what may be dirtied has been read or written.
        return filemap_dirty_folio(mapping, folio);
    }
    ifs_alloc(folio);
    ifs_change(folio, BH_DIRTY, 0);
    filemap_dirty_folio(mapping, folio)
}

/// `__iomap_write_end()`, v6.12: a write of the whole folio needs no block state, and keeps what there is in step.
/// Folio locked and uptodate.
pub(super) fn iomap_write_end(mapping: AddressSpace, folio: Folio) {
    kfn!(iomap_write_end);
    if !kernel().has_folios() {
        iomap_page_create(folio); // __iomap_write_begin()
    }
    if folio_private(folio) != 0 {
        ifs_change(folio, BH_UPTODATE | BH_DIRTY, 0);
    }
    filemap_dirty_folio(mapping, folio);
}

/// `iomap_writepage_map()`, v6.12. As `fs_aops::writepage`. The bias in the count of pending I/O keeps the completion
/// from ending writeback before everything is submitted; whoever brings it to 0 ends it. Left out: errors, ioends.
pub fn iomap_writepage_map(mapping: AddressSpace, folio: Folio) {
    kfn!(iomap_writepage_map);
    if beyond_eof(mapping, folio) {
        return folio_unlock(folio);
    }
    // Blocks are not dirty one by one in v5.0.
    let by_block = kernel().has_folios();
    if folio_private(folio) == 0 {
        iomap_state(folio);
        if by_block {
            ifs_change(folio, BH_DIRTY, 0);
        }
    }
    vm_bug_on_folio(peek_ifs_pending(folio) != 0, folio, VmBug::Writeback);
    ifs_pending_inc(folio);
    folio_start_writeback(folio);
    if !by_block || ifs_dirty(folio) {
        ifs_pending_inc(folio);
        start_write(folio, iomap_finish_folio_write);
    }
    if by_block {
        ifs_change(folio, 0, BH_DIRTY);
    }
    folio_unlock(folio);
    if ifs_pending_dec_and_test(folio) {
        folio_end_writeback(folio);
    }
}

/// `iomap_finish_folio_write()`, v6.12, of a completion.
fn iomap_finish_folio_write(arg: u32) {
    kfn!(iomap_finish_folio_write);
    complete_write(arg, |folio| {
        if ifs_pending_dec_and_test(folio) {
            folio_end_writeback(folio);
        }
    });
}

/// `iomap_read_folio()`, v6.12. As `fs_aops::read_folio`. Left out: holes, errors.
pub fn iomap_read_folio(_mapping: AddressSpace, folio: Folio) {
    kfn!(iomap_read_folio);
    iomap_state(folio);
    ifs_pending_inc(folio);
    start_read(folio, iomap_finish_folio_read);
}

/// `iomap_finish_folio_read()`, v6.12, of a completion.
fn iomap_finish_folio_read(arg: u32) {
    kfn!(iomap_finish_folio_read);
    complete_read(arg, |folio| {
        ifs_change(folio, BH_UPTODATE, 0);
        if ifs_pending_dec_and_test(folio) {
            folio_end_read(folio, true);
        }
    });
}
