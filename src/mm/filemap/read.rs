//! Reading through the page cache (MM-6.12 3.7).

use super::{filemap_add_folio, invalidate_lock_shared, invalidate_unlock_shared, wait::*};
use crate::bugs;
use crate::kfn;
use crate::linux::fs::i_size_read;
use crate::linux::highmem::{copy_folio_to_user, page_id};
use crate::linux::mm_types::{AddressSpace, Folio};
use crate::linux::page_flags::*;
use crate::linux::page_ref::*;
use crate::linux::pagemap::*;
use crate::linux::rcupdate::{rcu_read_lock, rcu_read_unlock};
use crate::linux::signal::fatal_signal_pending;
use crate::linux::xarray::*;
use crate::mm::page_alloc::folio_alloc;
use crate::mm::readahead::{page_cache_async_ra, page_cache_sync_ra};
use crate::mm::swap::{folio_mark_accessed, folio_put};
use crate::mm::{bug, fs_aops, kernel};
use crate::vocab::*;

/// Why a read did not get its folio.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ReadError {
    /// AOP_TRUNCATED_PAGE: the folio is gone, or somebody else's; look it up again.
    Truncated,
    /// -EINTR
    Interrupted,
    /// -EIO
    Io,
    NoMemory,
}

/// `filemap_read_folio()`, v6.12. Folio locked, not uptodate; a reference is held. The I/O unlocks it.
pub(super) fn filemap_read_folio(mapping: AddressSpace, folio: Folio) -> Result<(), ReadError> {
    kfn!(filemap_read_folio);
    fs_aops::read_folio(mapping, folio);
    folio_wait_locked_killable(folio).map_err(|_| ReadError::Interrupted)?;
    if folio_test_uptodate(folio) { Ok(()) } else { Err(ReadError::Io) }
}

/// `filemap_create_folio()` of a hole: true if it was filled. Drops its reference.
pub fn filemap_create_folio(mapping: AddressSpace, index: usize) -> bool {
    let folio = create::filemap_create_folio(mapping, index);
    if let Ok(folio) = folio {
        folio_put(folio, Owner::Alloc);
    }
    folio.is_ok()
}

mod create {
    use super::*;

    /// `filemap_create_folio()`, v6.12, as a read of a hole makes it: allocates, adds, reads. The caller pins the
    /// inode. Ok: the folio, unlocked, with its allocation reference.
    pub fn filemap_create_folio(mapping: AddressSpace, index: usize) -> Result<Folio, ReadError> {
        kfn!(filemap_create_folio);
        let folio = folio_alloc().ok_or(ReadError::NoMemory)?;
        // Against truncation.
        invalidate_lock_shared(mapping);
        let filled =
            if filemap_add_folio(mapping, folio, index) { fill(mapping, folio) } else { Err(ReadError::Truncated) };
        invalidate_unlock_shared(mapping);
        if let Err(error) = filled {
            folio_put(folio, Owner::Alloc);
            return Err(error);
        }
        Ok(folio)
    }

    /// The read itself; in the kernels without processes it is over at once.
    fn fill(mapping: AddressSpace, folio: Folio) -> Result<(), ReadError> {
        if kernel().has_processes() {
            return filemap_read_folio(mapping, folio);
        }
        folio_mark_uptodate(folio);
        folio_unlock(folio);
        Ok(())
    }
}

/// `filemap_get_read_batch()`, v6.12, of one folio: with a lookup-batch reference. `None`: a hole, or a value entry.
fn filemap_get_read_batch(mapping: AddressSpace, index: usize) -> Option<Folio> {
    kfn!(filemap_get_read_batch);
    rcu_read_lock();
    let found = loop {
        let Some(folio) = xas_load(mapping, index) else { break None };
        if !folio_try_get(folio, Owner::LookupBatch) {
            continue;
        }
        if Some(folio) != xas_reload(mapping, index) {
            folio_put(folio, Owner::LookupBatch);
            continue;
        }
        break Some(folio);
    };
    rcu_read_unlock();
    found
}

/// `filemap_update_page()`, v6.12. The folio is not uptodate; the batch's reference is consumed if the answer is to
/// look it up again, and stays the caller's otherwise. Left out: IOCB_NOWAIT, IOCB_WAITQ, IOCB_NOIO, partially
/// uptodate folios.
fn filemap_update_page(mapping: AddressSpace, folio: Folio) -> Result<(), ReadError> {
    kfn!(filemap_update_page);
    invalidate_lock_shared(mapping);
    if !folio_trylock(folio) {
        invalidate_unlock_shared(mapping);
        // Where one usually waits for readahead submitted before. A signal is noticed when the read starts over.
        let _ = folio_put_wait_locked_killable(folio, Owner::LookupBatch);
        return Err(ReadError::Truncated);
    }
    let updated = if folio_raw_mapping(folio).is_null() {
        folio_unlock(folio);
        Err(ReadError::Truncated)
    } else if folio_test_uptodate(folio) {
        folio_unlock(folio);
        Ok(())
    } else {
        filemap_read_folio(mapping, folio)
    };
    invalidate_unlock_shared(mapping);
    if updated == Err(ReadError::Truncated) {
        folio_put(folio, Owner::LookupBatch);
    }
    updated
}

/// `filemap_get_pages()`, v6.12, of one page: uptodate when it was looked at, with a lookup-batch reference. The caller
/// pins the inode.
fn filemap_get_pages(mapping: AddressSpace, index: usize) -> Result<Folio, ReadError> {
    kfn!(filemap_get_pages);
    loop {
        if fatal_signal_pending() {
            return Err(ReadError::Interrupted);
        }
        let mut found = filemap_get_read_batch(mapping, index);
        if found.is_none() {
            page_cache_sync_ra(mapping, index);
            found = filemap_get_read_batch(mapping, index);
        }
        let Some(folio) = found else {
            match create::filemap_create_folio(mapping, index) {
                Ok(folio) => {
                    folio_ref_transfer(folio, Owner::Alloc, Owner::LookupBatch);
                    return Ok(folio);
                }
                Err(ReadError::Truncated) => continue,
                Err(error) => return Err(error),
            }
        };
        if folio_test_readahead(folio) {
            page_cache_async_ra(mapping, folio, index + 1);
        }
        if folio_test_uptodate(folio) {
            return Ok(folio);
        }
        match filemap_update_page(mapping, folio) {
            Ok(()) => return Ok(folio),
            Err(ReadError::Truncated) => {}
            Err(error) => {
                folio_put(folio, Owner::LookupBatch);
                return Err(error);
            }
        }
    }
}

/// `filemap_read()`, v6.12: `read()` of one page of the file. The caller pins the inode. Left out: partial pages,
/// IOCB flags.
pub fn filemap_read(mapping: AddressSpace, index: usize) {
    kfn!(filemap_read);
    if index >= i_size_read(mapping) {
        return;
    }
    let Ok(folio) = filemap_get_pages(mapping, index) else { return };
    // After the folio was found uptodate: what lies beyond the size now is not to be shown.
    if bug(bugs::Z_ISIZE_EARLY) || index < i_size_read(mapping) {
        folio_mark_accessed(folio);
        copy_folio_to_user(folio, page_id(mapping.index as usize, index));
    }
    folio_put(folio, Owner::LookupBatch);
}
