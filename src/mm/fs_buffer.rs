//! `fs/buffer.c`: buffer heads (MM-6.12 12). A folio has one, which its private data point to.

use super::bug;
use super::filemap::*;
use super::fs_aops::{beyond_eof, complete_read, complete_write, start_read, start_write};
use super::page_writeback::*;
use crate::bugs;
use crate::kfn;
use crate::linux::buffer_head::*;
pub use crate::linux::buffer_head::{get_bh, lock_buffer, put_bh, trylock_buffer, unlock_buffer};
use crate::linux::mm_types::*;
use crate::linux::mmdebug::{peek_flags, vm_bug_on_folio};
use crate::linux::page_flags::*;
use crate::linux::page_ref::folio_ref_sub_and_test;
use crate::linux::pagemap::*;
use crate::linux::spinlock::{SpinLock, spin_lock, spin_unlock};
use crate::machine::m;
use crate::vocab::*;

/// `folio->private` of a folio with a buffer.
const BUFFER: u64 = 1;

/// `create_empty_buffers()`, v6.12. Folio locked, in its mapping, without private data.
pub fn create_empty_buffers(folio: Folio) {
    kfn!(create_empty_buffers);
    let Some(mapping) = folio_raw_mapping(folio).file() else { return };
    spin_lock(SpinLock::i_private(mapping));
    let uptodate = if folio_test_uptodate(folio) { BH_UPTODATE } else { 0 };
    let dirty = if folio_test_dirty(folio) { BH_DIRTY } else { 0 };
    alloc_buffer(folio, uptodate | dirty);
    if bug(bugs::M_BUFFERS_UNREF) {
        folio_set_private_word(folio, BUFFER);
        folio_set_private(folio);
    } else {
        folio_attach_private(folio, BUFFER);
    }
    spin_unlock(SpinLock::i_private(mapping));
}

/// `folio_create_buffers()`, v6.12. Folio locked.
pub(super) fn folio_create_buffers(folio: Folio) {
    kfn!(folio_create_buffers);
    if !folio_test_private(folio) {
        create_empty_buffers(folio);
    }
}

/// `drop_buffers()`, v6.12. i_private_lock held, or the folio has no mapping. True: the private data are gone.
fn drop_buffers(folio: Folio) -> bool {
    kfn!(drop_buffers);
    vm_bug_on_folio(peek_flags(folio) & PG_PRIVATE == 0, folio, VmBug::NoPrivate);
    if buffer_busy(folio) {
        return false;
    }
    if bug(bugs::M_BUFFERS_LEFT) {
        return !folio_ref_sub_and_test(folio, Owner::Private, 1);
    }
    folio_detach_private(folio);
    true
}

/// `try_to_free_buffers()`, v6.12. Folio locked, a reference held. True: no buffer any more, and the folio is clean.
/// The lock is what keeps `block_dirty_folio()` from dirtying a folio whose buffers go.
pub fn try_to_free_buffers(folio: Folio) -> bool {
    kfn!(try_to_free_buffers);
    vm_bug_on_folio(peek_flags(folio) & PG_LOCKED == 0, folio, VmBug::NotLocked);
    if folio_test_writeback(folio) {
        return false;
    }
    if !folio_test_private(folio) {
        return true;
    }
    try_to_free_known_buffers(folio)
}

/// [`try_to_free_buffers`] of a folio that has some and is not under writeback.
pub(super) fn try_to_free_known_buffers(folio: Folio) -> bool {
    let Some(mapping) = folio_raw_mapping(folio).file() else { return drop_buffers(folio) };
    spin_lock(SpinLock::i_private(mapping));
    let dropped = drop_buffers(folio);
    if dropped {
        folio_cancel_dirty(folio);
    }
    spin_unlock(SpinLock::i_private(mapping));
    dropped
}

/// `block_dirty_folio()`, v6.12. As [`folio_mark_dirty`]. Left out: inode dirty lists.
pub fn block_dirty_folio(mapping: AddressSpace, folio: Folio) -> bool {
    kfn!(block_dirty_folio);
    if bug(bugs::Z_BUFFERS_NULL) && folio_raw_mapping(folio).is_null() {
        m().note(Note::NullDeref, folio.obj(Field::FolioMapping), 0);
    }
    spin_lock(SpinLock::i_private(mapping));
    if folio_test_private(folio) {
        test_set_buffer_dirty(folio);
    }
    let newly_dirty = !folio_test_set_dirty(folio);
    spin_unlock(SpinLock::i_private(mapping));
    if newly_dirty {
        __folio_mark_dirty(folio, mapping);
    }
    newly_dirty
}

/// `block_invalidate_folio()`, v6.12, of the whole folio. Folio locked. It may fail: then the folio leaves the cache
/// with its buffer.
pub fn block_invalidate_folio(folio: Folio) {
    kfn!(block_invalidate_folio);
    vm_bug_on_folio(peek_flags(folio) & PG_LOCKED == 0, folio, VmBug::NotLocked);
    if !folio_test_private(folio) {
        return;
    }
    discard_buffer(folio);
    filemap_release_folio(folio);
}

/// `discard_buffer()`, v6.12.
fn discard_buffer(folio: Folio) {
    kfn!(discard_buffer);
    lock_buffer(folio);
    test_clear_buffer_dirty(folio);
    unlock_buffer(folio);
}

/// `mark_buffer_dirty()`, v6.12: from the buffer up. The caller holds a reference on the buffer and pins the inode; the
/// folio may be unlocked, and truncated.
pub fn mark_buffer_dirty(folio: Folio) {
    kfn!(mark_buffer_dirty);
    if buffer_dirty(folio) || test_set_buffer_dirty(folio) || folio_test_set_dirty(folio) {
        return;
    }
    if let Some(mapping) = folio_raw_mapping(folio).file() {
        __folio_mark_dirty(folio, mapping);
    }
}

/// `block_write_full_folio()` with `__block_write_full_folio()`, v6.12. As `fs_aops::writepage`. Left out:
/// WB_SYNC_NONE's trylock of the buffers (nobody holds one here), errors.
pub fn block_write_full_folio(mapping: AddressSpace, folio: Folio) {
    kfn!(block_write_full_folio);
    if beyond_eof(mapping, folio) {
        return folio_unlock(folio);
    }
    if !folio_test_private(folio) {
        create_empty_buffers(folio);
        test_set_buffer_dirty(folio);
    }
    lock_buffer(folio);
    let underway = test_clear_buffer_dirty(folio);
    if !underway {
        unlock_buffer(folio);
    }
    folio_start_writeback(folio);
    if underway {
        start_write(folio, end_buffer_async_write);
    }
    folio_unlock(folio);
    if !underway {
        // Dirty, but its buffer clean: somebody wrote that by hand.
        folio_end_writeback(folio);
    }
}

/// `end_buffer_async_write()`, v6.12.
fn end_buffer_async_write(arg: u32) {
    kfn!(end_buffer_async_write);
    complete_write(arg, |folio| {
        unlock_buffer(folio);
        folio_end_writeback(folio);
    });
}

/// `block_read_full_folio()`, v6.12. As `fs_aops::read_folio`. Left out: holes, errors.
pub fn block_read_full_folio(_mapping: AddressSpace, folio: Folio) {
    kfn!(block_read_full_folio);
    folio_create_buffers(folio);
    if buffer_uptodate(folio) {
        return folio_end_read(folio, true);
    }
    lock_buffer(folio);
    start_read(folio, end_buffer_async_read);
}

/// `end_buffer_async_read()`, v6.12.
fn end_buffer_async_read(arg: u32) {
    kfn!(end_buffer_async_read);
    complete_read(arg, |folio| {
        set_buffer_uptodate(folio);
        unlock_buffer(folio);
        folio_end_read(folio, true);
    });
}

/// `invalidate_bh_lrus_cpu()`, v6.12: the per-CPU buffer LRU holds buffer references. Left out: that LRU, so there is
/// nothing to drop.
pub fn invalidate_bh_lrus_cpu() {
    kfn!(invalidate_bh_lrus_cpu);
}
