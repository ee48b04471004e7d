//! What the rows do: each reaches its objects as a kernel caller would, through an open file or a page frame number.

use crate::linux::fs::{close_fd, fget};
use crate::linux::mm_types::{AddressSpace, Folio};
use crate::linux::page_ref::folio_ref_transfer;
use crate::linux::percpu::{Kept, can_keep, keep, take_kept};
use crate::linux::rwsem::*;
use crate::machine::m;
use crate::mm::compaction::{CompactControl, MigrateMode, isolate_migratepages_block};
use crate::mm::fs_inode::fput;
use crate::mm::{filemap, migrate, page_writeback, swap, truncate, vmscan};
use crate::vocab::{FOLIOS, Field, Note, Outcome, Owner};

type Args = [u8; 3];

/// Runs `f` on the file's mapping while its descriptor is held; nothing if it is closed.
fn with_file(index: u8, f: impl FnOnce(AddressSpace)) {
    if let Some(mapping) = fget(index as usize) {
        f(mapping);
        fput(mapping);
    }
}

/// Runs `f` on the folio in the slot, with a lookup reference that `f` gives up.
fn with_folio([m, index, _]: Args, f: impl FnOnce(Folio)) {
    with_file(m, |mapping| {
        if let Some(folio) = filemap::filemap_get_entry(mapping, index as usize, Owner::Lookup) {
            f(folio);
        }
    });
}

/// Runs `f` on the folio in the slot, locked.
fn with_locked_folio([m, index, _]: Args, f: impl FnOnce(Folio)) {
    with_file(m, |mapping| {
        if let Some(folio) = filemap::filemap_lock_folio(mapping, index as usize, Owner::Lookup) {
            f(folio);
            truncate::unlock_and_put(folio, Owner::Lookup);
        }
    });
}

pub fn filemap_get_entry(args: Args) {
    with_folio(args, |folio| swap::folio_put(folio, Owner::Lookup));
}

pub fn get_and_hold(args: Args) {
    with_folio(args, |folio| {
        if can_keep(Kept::References) {
            folio_ref_transfer(folio, Owner::Lookup, Owner::User);
            keep(Kept::References, folio);
        } else {
            swap::folio_put(folio, Owner::Lookup);
        }
    });
}

pub fn put_held(_: Args) {
    if let Some(folio) = take_kept(Kept::References) {
        swap::folio_put(folio, Owner::User);
    }
}

pub fn filemap_lock_folio(args: Args) {
    with_locked_folio(args, |_| {});
}

pub fn wait_on_folio(args: Args) {
    // put_and_wait_on_page_locked() came with v5.0.
    let shared = args[2] == 0 || !m().model().kernel.has_folios();
    with_folio(args, |folio| {
        if shared {
            filemap::folio_wait_locked(folio);
            swap::folio_put(folio, Owner::Lookup);
        } else {
            filemap::folio_put_wait_locked(folio, Owner::Lookup);
        }
    });
}

pub fn filemap_add_folio([m, index, _]: Args) {
    with_file(m, |mapping| {
        filemap::filemap_create_folio(mapping, index as usize);
    });
}

pub fn truncate_inode_pages([m, index, _]: Args) {
    with_file(m, |mapping| {
        down_write(RwSem::i_rwsem(mapping));
        let invalidate = self::m().model().kernel.has_folios(); // invalidate_lock came with v5.15
        if invalidate {
            down_write(RwSem::invalidate_lock(mapping));
        }
        truncate::truncate_inode_pages_range(mapping, index as usize);
        if invalidate {
            up_write(RwSem::invalidate_lock(mapping));
        }
        up_write(RwSem::i_rwsem(mapping));
    });
}

pub fn evict([m, ..]: Args) {
    if let Some(mapping) = close_fd(m as usize) {
        fput(mapping);
    }
}

pub fn invalidate_mapping_pages([m, ..]: Args) {
    with_file(m, truncate::invalidate_mapping_pages);
}

pub fn folio_mark_dirty(args: Args) {
    with_locked_folio(args, page_writeback::folio_mark_dirty);
}

pub fn lru_add_drain(_: Args) {
    swap::lru_add_drain();
}

pub fn isolate_and_hold(args: Args) {
    with_folio(args, |folio| {
        if can_keep(Kept::Isolated) && vmscan::folio_isolate_lru(folio) {
            keep(Kept::Isolated, folio);
        }
        swap::folio_put(folio, Owner::Lookup);
    });
}

pub fn putback_held(_: Args) {
    if let Some(folio) = take_kept(Kept::Isolated) {
        migrate::putback_lru(folio);
    }
}

pub fn shrink_inactive_list([list, ..]: Args) {
    vmscan::shrink_inactive_list(list as usize);
}

/// `nr` is one less than the count.
pub fn compact([pfn, nr, mode]: Args) {
    let mode = if mode == 0 { MigrateMode::Sync } else { MigrateMode::Async };
    let first = pfn as usize;
    let mut cc = CompactControl::new(mode, (first, (first + 1 + nr as usize).min(FOLIOS)));
    isolate_migratepages_block(&mut cc);
    if mode == MigrateMode::Async {
        report_outcomes(&cc);
    }
    migrate::putback_movable_pages(&cc.migratepages);
}

/// What the scan says of each page frame it decided on.
fn report_outcomes(cc: &CompactControl) {
    let tell = |folio: Folio, outcome: Outcome| {
        m().note(Note::Outcome, folio.obj(Field::Flags), outcome as u32 | (folio.0 as u32) << 8);
    };
    for folio in cc.migratepages.folios() {
        tell(folio, Outcome::Isolated);
    }
    for pfn in (0..FOLIOS).filter(|pfn| cc.refused >> pfn & 1 != 0) {
        tell(Folio(pfn as u8), Outcome::NotIsolated);
    }
}

/// Gives back what the programs of CPUs `0..cpus` still hold and files every batch: run by the engine after the last
/// operation.
pub fn epilogue(cpus: usize) {
    for cpu in 0..cpus {
        m().set_cpu(cpu);
        while let Some(folio) = take_kept(Kept::References) {
            swap::folio_put(folio, Owner::User);
        }
        while let Some(folio) = take_kept(Kept::Isolated) {
            migrate::putback_lru(folio);
        }
        swap::lru_add_drain();
    }
    m().set_cpu(0);
    crate::linux::rcupdate::rcu_barrier();
}
