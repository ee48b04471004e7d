//! `mm/readahead.c`: reads started before they are needed (MM-6.12 3.7).

use super::filemap::{filemap_add_folio, invalidate_lock_shared, invalidate_unlock_shared};
use super::fs_aops;
use super::page_alloc::folio_alloc;
use super::swap::folio_put;
use crate::kfn;
use crate::linux::fs::i_size_read;
use crate::linux::mm_types::{AddressSpace, Folio};
use crate::linux::mmdebug::{peek_flags, vm_bug_on_folio};
use crate::linux::page_flags::*;
use crate::linux::xarray::xas_load;
use crate::vocab::{Owner, PG_LOCKED, SLOTS, VmBug};

/// `ra->size`: pages of a window. Its last page carries PG_readahead.
const WINDOW: usize = 2;

/// `page_cache_sync_ra()`, v6.12: the page at `index` is missing. The caller pins the inode. Left out: the adaptive
/// window, random access.
pub fn page_cache_sync_ra(mapping: AddressSpace, index: usize) {
    kfn!(page_cache_sync_ra);
    do_page_cache_ra(mapping, index);
}

/// `page_cache_async_ra()`, v6.12: a reader has come to the folio that carries PG_readahead; the window from `index` on
/// follows. The caller holds a reference on the folio and pins the inode.
pub fn page_cache_async_ra(mapping: AddressSpace, folio: Folio, index: usize) {
    kfn!(page_cache_async_ra);
    // The bit is PG_reclaim on a folio under writeback.
    if !fs_aops::has_readahead(mapping) || folio_test_writeback(folio) {
        return;
    }
    folio_clear_readahead(folio);
    do_page_cache_ra(mapping, index);
}

/// `do_page_cache_ra()`, v6.12: one window, within the file.
fn do_page_cache_ra(mapping: AddressSpace, index: usize) {
    kfn!(do_page_cache_ra);
    if !fs_aops::has_readahead(mapping) {
        return;
    }
    let end = i_size_read(mapping).min(index + WINDOW).min(SLOTS);
    if index < end {
        page_cache_ra_unbounded(mapping, index, end);
    }
}

/// `page_cache_ra_unbounded()`, v6.12. Left out: memory allocation context.
fn page_cache_ra_unbounded(mapping: AddressSpace, start: usize, end: usize) {
    kfn!(page_cache_ra_unbounded);
    invalidate_lock_shared(mapping);
    // Folios first..index are added, locked, and not given to the file system yet.
    let mut first = start;
    let mut index = start;
    while index < end {
        if xas_load(mapping, index).is_none() {
            let Some(folio) = folio_alloc() else { break };
            if filemap_add_folio(mapping, folio, index) {
                if index + 1 == start + WINDOW {
                    folio_set_readahead(folio);
                }
                index += 1;
                continue;
            }
            folio_put(folio, Owner::Alloc);
        }
        read_pages(mapping, first, index);
        index += 1;
        first = index;
    }
    read_pages(mapping, first, index);
    invalidate_unlock_shared(mapping);
}

/// `read_pages()`, v6.12: `a_ops->readahead` of a run of folios, each added and locked by the caller. The file system
/// takes them all. Left out: plugging, file systems that leave some.
fn read_pages(mapping: AddressSpace, start: usize, end: usize) {
    kfn!(read_pages);
    for index in start..end {
        if let Some(folio) = readahead_folio(mapping, index) {
            fs_aops::read_folio(mapping, folio);
        }
    }
}

/// `readahead_folio()` (include/linux/pagemap.h), v6.12: found again by its index, without a new reference; the
/// allocation's is dropped. From here on the lock and the cache's reference keep the folio.
fn readahead_folio(mapping: AddressSpace, index: usize) -> Option<Folio> {
    kfn!(readahead_folio);
    let folio = xas_load(mapping, index)?;
    vm_bug_on_folio(peek_flags(folio) & PG_LOCKED == 0, folio, VmBug::NotLocked);
    folio_put(folio, Owner::Alloc);
    Some(folio)
}
