//! Writing through the page cache, and writing it out.

use super::lookup::{__filemap_get_folio, Fgp, filemap_get_folios_tag};
use super::wait::{folio_unlock, folio_wait_writeback};
use crate::bugs;
use crate::kfn;
use crate::linux::fs::{i_size_read, i_size_write, inode_pin};
use crate::linux::highmem::{copy_folio_from_user, page_id};
use crate::linux::mm_types::{AddressSpace, Folio, Mm};
use crate::linux::page_flags::*;
use crate::linux::pagemap::shmem_mapping;
use crate::linux::pagevec::FolioBatch;
use crate::linux::pgtable::mmu_access;
use crate::linux::signal::fatal_signal_pending;
use crate::mm::memory::user_access;
use crate::mm::page_writeback::write_cache_pages;
use crate::mm::shmem::shmem_write_begin;
use crate::mm::swap::{folio_batch_release, folio_put};
use crate::mm::{bug, fs_aops};
use crate::vocab::*;

/// `generic_perform_write()`, v6.12: `write()` of one whole page. i_rwsem held for writing, the inode pinned. Left
/// out: partial pages (nothing is read first), copying from a page that must be faulted in, throttling.
pub fn generic_perform_write(mapping: AddressSpace, index: usize) {
    kfn!(generic_perform_write);
    if fatal_signal_pending() {
        return;
    }
    if shmem_mapping(mapping) {
        shmem_write_begin(mapping, index);
    } else if let Some(folio) = __filemap_get_folio(mapping, index, Fgp::WRITEBEGIN, Owner::Lookup) {
        fs_aops::write_begin(mapping, folio);
        copy_folio_from_user(folio, page_id(mapping.index as usize, index));
        write_end(mapping, folio, index);
    }
}

/// [`generic_perform_write`] of what a process has at `addr`: `write()` from a page of its own. The page is faulted in
/// first and then copied without faults, as the folio that is written is locked; if it is gone by then, all over again.
/// Until v2.6.25 the copy could fault there. Not a file of tmpfs.
pub fn generic_perform_write_from(mapping: AddressSpace, index: usize, mm: Mm, addr: usize) {
    kfn!(generic_perform_write);
    while user_access(mm, addr, false) && !fatal_signal_pending() {
        inode_pin(mapping.index as usize); // by the file, whatever VMAs pinned
        let Some(folio) = __filemap_get_folio(mapping, index, Fgp::WRITEBEGIN, Owner::Lookup) else { return };
        fs_aops::write_begin(mapping, folio);
        let copied = mmu_access(mm, addr, false) || (bug(bugs::Z_COPY_FAULTS) && user_access(mm, addr, false));
        if copied {
            copy_folio_from_user(folio, page_id(mapping.index as usize, index));
            return write_end(mapping, folio, index);
        }
        folio_unlock(folio);
        folio_put(folio, Owner::Lookup);
    }
}

/// `a_ops->write_end`, as `generic_write_end()` and its like do it: the size grows while the folio is locked.
fn write_end(mapping: AddressSpace, folio: Folio, index: usize) {
    if !folio_test_uptodate(folio) {
        folio_mark_uptodate(folio);
    }
    fs_aops::write_end(mapping, folio);
    if index >= i_size_read(mapping) {
        i_size_write(mapping, index + 1);
    }
    folio_unlock(folio);
    folio_put(folio, Owner::Lookup);
}

/// `filemap_fdatawait_range()`, v6.12, of the whole file: waits for all writeback in flight. The caller pins the inode.
pub fn filemap_fdatawait(mapping: AddressSpace) {
    kfn!(filemap_fdatawait);
    let mut fbatch = FolioBatch::new();
    let mut index = 0;
    while filemap_get_folios_tag(mapping, &mut index, MARK_WRITEBACK, &mut fbatch) {
        for folio in fbatch.folios() {
            folio_wait_writeback(folio);
        }
        folio_batch_release(&mut fbatch, Owner::LookupBatch);
    }
}

/// `filemap_write_and_wait_range()`, v6.12, of the whole file: what fsync and direct I/O do. The caller pins the inode.
pub fn filemap_write_and_wait(mapping: AddressSpace) {
    kfn!(filemap_write_and_wait);
    write_cache_pages(mapping, true);
    filemap_fdatawait(mapping);
}
