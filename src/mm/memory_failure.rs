//! `mm/memory-failure.c`: a page with a hardware error is taken out of its file.

use super::filemap::{folio_lock, folio_unlock, folio_wait_writeback};
use super::fs_inode::{igrab, iput};
use super::rmap::try_to_unmap;
use super::swap::folio_put;
use super::truncate::truncate_inode_folio;
use super::bug;
use crate::bugs;
use crate::kfn;
use crate::linux::fs::inode_unpin;
use crate::linux::mm_types::{AddressSpace, Folio};
use crate::linux::page_flags::folio_test_lru;
use crate::linux::page_ref::folio_try_get;
use crate::linux::pagemap::{folio_mapped, folio_mapping, folio_test_anon};
use crate::vocab::*;

/// `memory_failure()`, v6.12, of a file folio by its page frame: unmaps it, then truncates it alone out of its file. True:
/// it is out. Left out: anonymous and free pages, PG_hwpoison, signals to the processes that map it.
pub fn memory_failure(folio: Folio) -> bool {
    kfn!(memory_failure);
    // HWPoisonHandlable(), before and after the reference: the lock bit means something only on a folio that was filed.
    if !folio_test_lru(folio) || !folio_try_get(folio, Owner::Lookup) {
        return false;
    }
    if !folio_test_lru(folio) {
        folio_put(folio, Owner::Lookup);
        return false;
    }
    folio_lock(folio);
    folio_wait_writeback(folio);
    if folio_mapped(folio) && !folio_test_anon(folio) {
        try_to_unmap(folio, true);
    }
    let recovered = !folio_mapped(folio) && me_pagecache_clean(folio);
    folio_unlock(folio);
    folio_put(folio, Owner::Lookup);
    recovered
}

/// `me_pagecache_clean()` with `truncate_error_folio()` and `generic_error_remove_folio()`, v6.12. Folio locked; a
/// reference is held. Nothing pins the inode once the folio is detached, yet `filemap_free_folio()` looks at `a_ops`
/// then: an open question, which the model answers with a reference on the inode unless it is put back in.
fn me_pagecache_clean(folio: Folio) -> bool {
    kfn!(me_pagecache_clean);
    let Some(mapping) = folio_mapping(folio).filter(|m| !m.is_swap()) else { return false };
    if bug(bugs::OPEN_FREE_FOLIO) {
        return truncate_inode_folio(mapping, folio);
    }
    if !igrab(mapping) {
        return false;
    }
    let mapping = AddressSpace::pinned(mapping.index as usize);
    let removed = truncate_inode_folio(mapping, folio);
    folio_unlock_for_iput(folio, mapping);
    removed
}

/// The inode's last reference may be dropped here, and its eviction wait for the folio lock.
fn folio_unlock_for_iput(folio: Folio, mapping: AddressSpace) {
    folio_unlock(folio);
    iput(mapping);
    inode_unpin(mapping.index as usize);
    folio_lock(folio);
}
