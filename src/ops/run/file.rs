//! Operations on files.

use super::super::OpResult;
use super::{Args, with_file, with_folio, with_locked_folio};
use crate::linux::fs::{close_fd, i_size_read};
use crate::linux::highmem::device_read;
use crate::linux::mm_types::{AddressSpace, Folio};
use crate::linux::page_flags::{folio_mark_uptodate, folio_test_private};
use crate::linux::page_ref::folio_ref_transfer;
use crate::linux::pagemap::{mapping_aops, mapping_clear_unevictable, mapping_unmovable, shmem_mapping};
use crate::linux::pagevec::FolioBatch;
use crate::linux::percpu::{Kept, can_keep, keep, take_kept};
use crate::linux::rwsem::*;
use crate::machine::m;
use crate::mm::fs_inode::fput;
use crate::mm::page_alloc::folio_alloc;
use crate::mm::{filemap, fs_buffer, iomap, memory, page_writeback, readahead, shmem, swap, truncate, vmscan};
use crate::vocab::{AOPS_BUFFERS, AOPS_IOMAP, AOPS_SHMEM, AOPS_WRITEBACK, Field, Kernel, Obj, Owner, SLOTS};

pub fn filemap_get_entry(args: Args) -> OpResult {
    with_folio(args, |folio| {
        swap::folio_put(folio, Owner::Lookup);
        OpResult::Done
    })
}

pub fn get_and_hold(args: Args) -> OpResult {
    with_folio(args, |folio| {
        let room = can_keep(Kept::References);
        if room {
            folio_ref_transfer(folio, Owner::Lookup, Owner::User);
            keep(Kept::References, folio);
        } else {
            swap::folio_put(folio, Owner::Lookup);
        }
        OpResult::of(room)
    })
}

pub fn put_held(_: Args) -> OpResult {
    let Some(folio) = take_kept(Kept::References) else { return OpResult::Nothing };
    swap::folio_put(folio, Owner::User);
    OpResult::Done
}

pub fn filemap_lock_folio(args: Args) -> OpResult {
    with_locked_folio(args, |_| OpResult::Done)
}

pub fn wait_on_folio(args: Args) -> OpResult {
    // put_and_wait_on_page_locked() came with v5.0.
    let shared = args[2] == 0 || m().model().kernel < Kernel::V5_0;
    with_folio(args, |folio| {
        if shared {
            filemap::folio_wait_locked(folio);
            swap::folio_put(folio, Owner::Lookup);
        } else {
            filemap::folio_put_wait_locked(folio, Owner::Lookup);
        }
        OpResult::Done
    })
}

pub fn filemap_add_folio([m, index, _]: Args) -> OpResult {
    with_file(m, |mapping| {
        let index = index as usize;
        let tmpfs = shmem_mapping(mapping);
        OpResult::of(if tmpfs {
            shmem::shmem_read_folio_gfp(mapping, index)
        } else {
            filemap::filemap_create_folio(mapping, index)
        })
    })
}

pub fn filemap_read([m, index, _]: Args) -> OpResult {
    with_file(m, |mapping| {
        if shmem_mapping(mapping) {
            shmem::shmem_file_read_iter(mapping, index as usize);
        } else {
            filemap::filemap_read(mapping, index as usize);
        }
        OpResult::Done
    })
}

pub fn filemap_write([m, index, _]: Args) -> OpResult {
    with_file(m, |mapping| {
        down_write(RwSem::i_rwsem(mapping));
        filemap::generic_perform_write(mapping, index as usize);
        up_write(RwSem::i_rwsem(mapping));
        OpResult::Done
    })
}

/// Runs `f` on a file's mapping with the locks of a truncation held.
fn with_invalidated(m: u8, f: impl FnOnce(AddressSpace)) -> OpResult {
    with_other_file(m, |mapping| {
        down_write(RwSem::i_rwsem(mapping));
        let invalidate = self::m().model().kernel.has_folios(); // invalidate_lock came with v5.15
        if invalidate {
            down_write(RwSem::invalidate_lock(mapping));
        }
        f(mapping);
        if invalidate {
            up_write(RwSem::invalidate_lock(mapping));
        }
        up_write(RwSem::i_rwsem(mapping));
        OpResult::Done
    })
}

/// As [`with_file`], of what file systems have of their own, or do without, that are not tmpfs.
fn with_other_file(m: u8, f: impl FnOnce(AddressSpace) -> OpResult) -> OpResult {
    with_file(m, |mapping| if shmem_mapping(mapping) { OpResult::Refused } else { f(mapping) })
}

/// Runs `f` on a mapping of tmpfs, with the i_rwsem of a truncation if `lock`; `None`: it is another file system's.
fn with_shmem(m: u8, lock: bool, f: impl FnOnce(AddressSpace)) -> Option<OpResult> {
    if self::m().peek(Obj::mapping(m as usize, Field::AOps)) & AOPS_SHMEM == 0 {
        return None;
    }
    Some(with_file(m, |mapping| {
        if lock {
            down_write(RwSem::i_rwsem(mapping));
        }
        f(mapping);
        if lock {
            up_write(RwSem::i_rwsem(mapping));
        }
        OpResult::Done
    }))
}

pub fn truncate_inode_pages([m, index, _]: Args) -> OpResult {
    let start = index as usize;
    // What a driver does that gives up the pages of a file of its own.
    let purge = |mapping| {
        memory::unmap_mapping_pages(mapping, start, SLOTS - start, false);
        shmem::shmem_truncate_range(mapping, start, SLOTS);
    };
    with_shmem(m, false, purge)
        .unwrap_or_else(|| with_invalidated(m, |mapping| truncate::truncate_inode_pages_range(mapping, start)))
}

/// `kill_bdev()` (block/bdev.c), up to v6.12: a change of block size, or a last close, is kept out by nothing that
/// discards blocks or has the page cache in use.
pub fn kill_bdev([m, ..]: Args) -> OpResult {
    with_other_file(m, |mapping| {
        truncate::truncate_inode_pages_range(mapping, 0);
        OpResult::Done
    })
}

pub fn truncate([m, index, _]: Args) -> OpResult {
    with_shmem(m, true, |mapping| shmem::shmem_setattr(mapping, index as usize))
        .unwrap_or_else(|| with_invalidated(m, |mapping| truncate::truncate_setsize(mapping, index as usize)))
}

pub fn punch_hole([m, index, _]: Args) -> OpResult {
    let start = index as usize;
    with_shmem(m, true, |mapping| shmem::shmem_fallocate(mapping, start, start + 1))
        .unwrap_or_else(|| with_invalidated(m, |mapping| truncate::truncate_pagecache_range(mapping, start, start + 1)))
}

/// A direct write has the i_rwsem, and not the invalidate_lock.
pub fn invalidate_pages2([m, index, _]: Args) -> OpResult {
    with_other_file(m, |mapping| {
        down_write(RwSem::i_rwsem(mapping));
        let all = truncate::invalidate_inode_pages2_range(mapping, index as usize, SLOTS);
        up_write(RwSem::i_rwsem(mapping));
        OpResult::of(all)
    })
}

pub fn evict([m, ..]: Args) -> OpResult {
    let Some(mapping) = close_fd(m as usize) else { return OpResult::Nothing };
    fput(mapping);
    OpResult::Done
}

pub fn invalidate_mapping_pages([m, ..]: Args) -> OpResult {
    with_file(m, |mapping| {
        truncate::invalidate_mapping_pages(mapping);
        OpResult::Done
    })
}

/// Whether a file system could dirty the page: not beyond the end of the file.
fn within_file([m, index, _]: Args) -> bool {
    u64::from(index) < self::m().peek(Obj::mapping(m as usize, Field::ISize))
}

pub fn folio_mark_dirty(args: Args) -> OpResult {
    with_locked_folio(args, |folio| {
        if !within_file(args) {
            return OpResult::Nothing;
        }
        page_writeback::folio_mark_dirty(folio);
        OpResult::Done
    })
}

pub fn folio_mark_accessed(args: Args) -> OpResult {
    with_folio(args, |folio| {
        swap::folio_mark_accessed(folio);
        swap::folio_put(folio, Owner::Lookup);
        OpResult::Done
    })
}

/// A file that cannot write back (ramfs) has nothing to do.
pub fn writeback([m, mode, _]: Args) -> OpResult {
    with_file(m, |mapping| {
        if mapping_aops(mapping) & AOPS_WRITEBACK == 0 {
            return OpResult::Nothing;
        }
        page_writeback::write_cache_pages(mapping, mode == 0);
        OpResult::Done
    })
}

/// Whether the folio's file keeps buffers.
fn has_buffers(folio: Folio) -> bool {
    crate::linux::pagemap::folio_mapping(folio).is_some_and(|m| mapping_aops(m) & AOPS_BUFFERS != 0)
}

pub fn create_buffers(args: Args) -> OpResult {
    with_locked_folio(args, |folio| {
        let without = has_buffers(folio) && !folio_test_private(folio);
        if without {
            fs_buffer::create_empty_buffers(folio);
        }
        OpResult::of(without)
    })
}

/// Whether the page's file keeps iomap state.
fn has_iomap(folio: Folio) -> bool {
    crate::linux::pagemap::folio_mapping(folio).is_some_and(|m| mapping_aops(m) & AOPS_IOMAP != 0)
}

pub fn iomap_page_create(args: Args) -> OpResult {
    with_locked_folio(args, |folio| {
        let without = has_iomap(folio) && !folio_test_private(folio);
        if without {
            iomap::iomap_page_create(folio);
        }
        OpResult::of(without)
    })
}

pub fn try_to_release_page(args: Args) -> OpResult {
    with_locked_folio(args, |folio| {
        let private = folio_test_private(folio);
        OpResult::of(private && filemap::filemap_release_folio(folio))
    })
}

/// The buffer is found under the folio lock; its own reference keeps it when it is dirtied.
pub fn mark_buffer_dirty(args @ [m, index, _]: Args) -> OpResult {
    with_file(m, |mapping| {
        let Some(folio) = filemap::filemap_lock_folio(mapping, index as usize, Owner::Lookup) else {
            return OpResult::Nothing;
        };
        let found = has_buffers(folio) && folio_test_private(folio) && within_file(args);
        if found {
            fs_buffer::get_bh(folio);
        }
        truncate::unlock_and_put(folio, Owner::Lookup);
        if found {
            fs_buffer::mark_buffer_dirty(folio);
            fs_buffer::put_bh(folio);
        }
        OpResult::of(found)
    })
}

pub fn readahead([m, index, _]: Args) -> OpResult {
    with_other_file(m, |mapping| {
        readahead::page_cache_sync_ra(mapping, index as usize);
        OpResult::Done
    })
}

/// What fuse does with a page it was given: a new, locked folio enters the cache, and one with contents replaces it.
pub fn replace_page_cache_folio([m, index, _]: Args) -> OpResult {
    with_other_file(m, |mapping| {
        if index as usize >= i_size_read(mapping) {
            return OpResult::Nothing;
        }
        let Some(old) = folio_alloc() else { return OpResult::Refused };
        down_read(RwSem::invalidate_lock(mapping));
        let added = filemap::filemap_add_folio(mapping, old, index as usize);
        let new = if added { folio_alloc() } else { None };
        if let Some(new) = new {
            device_read(new, mapping, index as usize);
            folio_mark_uptodate(new);
            filemap::folio_lock(new);
            filemap::replace_page_cache_folio(old, new);
            swap::folio_add_lru(new);
            truncate::unlock_and_put(new, Owner::Alloc);
        }
        if added {
            filemap::folio_unlock(old);
        }
        swap::folio_put(old, Owner::Alloc);
        up_read(RwSem::invalidate_lock(mapping));
        OpResult::of(new.is_some())
    })
}

pub fn fsync([m, ..]: Args) -> OpResult {
    with_file(m, |mapping| {
        filemap::filemap_write_and_wait(mapping);
        OpResult::Done
    })
}

/// `shmem_unlock_mapping()`: the flag, then every folio there is.
pub fn check_move_unevictable([m, ..]: Args) -> OpResult {
    with_file(m, |mapping| {
        if mapping_unmovable(mapping) {
            return OpResult::Refused; // unevictable for good
        }
        mapping_clear_unevictable(mapping);
        let (mut start, mut found) = (0, FolioBatch::new());
        while filemap::filemap_get_folios(mapping, &mut start, &mut found) {
            vmscan::check_move_unevictable_folios(&found);
            swap::folio_batch_release(&mut found, Owner::LookupBatch);
        }
        OpResult::Done
    })
}
