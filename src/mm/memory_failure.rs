//! `mm/memory-failure.c`: a page with a hardware error is taken out of its file.

use super::bug;
use super::filemap::{filemap_release_folio, folio_lock, folio_unlock, folio_wait_writeback};
use super::fs_inode::{igrab, iput};
use super::rmap::{TTU_IGNORE_MLOCK, TTU_SYNC, try_to_unmap};
use super::swap::folio_put;
use super::truncate::truncate_inode_folio;
use super::vmscan::folio_isolate_lru;
use crate::bugs;
use crate::kfn;
use crate::linux::fs::inode_unpin;
use crate::linux::mm_types::{AddressSpace, Folio};
use crate::linux::mmdebug::peek_flags;
use crate::linux::page_flags::{folio_clear_active, folio_clear_unevictable, folio_test_lru, folio_test_swapcache};
use crate::linux::page_ref::{folio_ref_count, folio_try_get};
use crate::linux::pagemap::{folio_mapped, folio_mapping, folio_raw_mapping, folio_test_anon};
use crate::vocab::*;

/// `memory_failure()`, v6.12, of a file folio by its page frame: unmaps it, then truncates it alone out of its file.
/// True (MF_RECOVERED): it is out, and nobody has it any more. Left out: anonymous and free pages, the swap cache,
/// tmpfs (whose pages stay in their file, marked), PG_hwpoison, signals to the processes that map it.
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
    let tmpfs = || peek_flags(folio) & PG_SWAPBACKED != 0;
    let left_out = folio_test_anon(folio) || folio_test_swapcache(folio) || tmpfs();
    // Without a mapping it was torn down by somebody else.
    let recovered =
        !left_out && hwpoison_user_mappings(folio) && !folio_raw_mapping(folio).is_null() && me_pagecache_clean(folio);
    folio_unlock(folio);
    folio_put(folio, Owner::Lookup);
    recovered
}

/// `hwpoison_user_mappings()`, v6.12. Folio locked; a reference is held. True: nobody maps it. Left out: what becomes
/// of the processes, carrying dirty bits over first (the unmapping does it), the drain after unmapping an mlocked
/// folio.
fn hwpoison_user_mappings(folio: Folio) -> bool {
    kfn!(hwpoison_user_mappings);
    if !folio_mapped(folio) {
        return true;
    }
    try_to_unmap(folio, TTU_IGNORE_MLOCK | TTU_SYNC);
    !folio_mapped(folio)
}

/// `delete_from_lru_cache()`, v6.12. The caller holds a reference. False (-EIO): somebody else has isolated it. Left
/// out: memcg. PG_mlocked stays, as in the kernel.
fn delete_from_lru_cache(folio: Folio) -> bool {
    kfn!(delete_from_lru_cache);
    if !folio_isolate_lru(folio) {
        return false;
    }
    folio_clear_active(folio);
    folio_clear_unevictable(folio);
    folio_put(folio, Owner::Isolation);
    true
}

/// `has_extra_refcount()`, v6.12: whether anybody but the caller has a reference. Left out: shmem, which keeps one.
fn has_extra_refcount(folio: Folio) -> bool {
    kfn!(has_extra_refcount);
    folio_ref_count(folio) > 1
}

/// `truncate_error_folio()` with `generic_error_remove_folio()`, v6.12. Folio locked; a reference is held. Left out:
/// file systems without the callback.
fn truncate_error_folio(mapping: AddressSpace, folio: Folio) -> bool {
    kfn!(truncate_error_folio);
    truncate_inode_folio(mapping, folio) && filemap_release_folio(folio)
}

/// `me_pagecache_clean()`, v6.12. Folio locked, in a file; a reference is held. The kernel, too, goes on with a folio
/// that somebody else has isolated: that reference makes it a failure. Nothing pins the inode once the folio is
/// detached, yet `filemap_free_folio()` looks at `a_ops` then: an open question, which the model answers with a
/// reference on the inode unless it is put back in.
fn me_pagecache_clean(folio: Folio) -> bool {
    kfn!(me_pagecache_clean);
    delete_from_lru_cache(folio);
    let Some(mapping) = folio_mapping(folio).filter(|m| !m.is_swap()) else { return false };
    if bug(bugs::OPEN_FREE_FOLIO) {
        return truncate_error_folio(mapping, folio) && !has_extra_refcount(folio);
    }
    if !igrab(mapping) {
        return false;
    }
    let mapping = AddressSpace::pinned(mapping.index as usize);
    let recovered = truncate_error_folio(mapping, folio) && !has_extra_refcount(folio);
    folio_unlock_for_iput(folio, mapping);
    recovered
}

/// The inode's last reference may be dropped here, and its eviction wait for the folio lock.
fn folio_unlock_for_iput(folio: Folio, mapping: AddressSpace) {
    folio_unlock(folio);
    iput(mapping);
    inode_unpin(mapping.index as usize);
    folio_lock(folio);
}
