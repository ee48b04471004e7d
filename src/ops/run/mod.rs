//! What the rows do: each reaches its objects as a kernel caller would, through an open file, a live process or a page
//! frame number.

pub mod file;
pub mod lru;
pub mod process;

use super::OpResult;
use crate::linux::fs::fget;
use crate::linux::mm_types::{AddressSpace, Folio};
use crate::linux::percpu::{Kept, take_kept, take_kept_pin};
use crate::linux::{rcupdate, service};
use crate::machine::m;
use crate::mm::fs_inode::fput;
use crate::mm::{filemap, gup, migrate, swap, truncate};
use crate::vocab::{Owner, PROCESSORS};

type Args = [u8; 3];

/// Runs `f` on the file's mapping while its descriptor is held; nothing if it is closed.
fn with_file(index: u8, f: impl FnOnce(AddressSpace) -> OpResult) -> OpResult {
    let Some(mapping) = fget(index as usize) else { return OpResult::Nothing };
    let result = f(mapping);
    fput(mapping);
    result
}

/// Runs `f` on the folio in the slot, with a lookup reference that `f` gives up.
fn with_folio([m, index, _]: Args, f: impl FnOnce(Folio) -> OpResult) -> OpResult {
    with_file(m, |mapping| match filemap::filemap_get_entry(mapping, index as usize, Owner::Lookup) {
        Some(folio) => f(folio),
        None => OpResult::Nothing,
    })
}

/// Runs `f` on the folio in the slot, locked.
fn with_locked_folio([m, index, _]: Args, f: impl FnOnce(Folio) -> OpResult) -> OpResult {
    with_file(m, |mapping| match filemap::filemap_lock_folio(mapping, index as usize, Owner::Lookup) {
        Some(folio) => {
            let result = f(folio);
            truncate::unlock_and_put(folio, Owner::Lookup);
            result
        }
        None => OpResult::Nothing,
    })
}

/// Gives back what the programs of CPUs `0..cpus` still hold, and waits until nothing is batched or in flight: run by
/// the engine after the last operation.
pub fn epilogue(cpus: usize) {
    for cpu in 0..cpus {
        m().set_cpu(cpu);
        while let Some(folio) = take_kept(Kept::References) {
            swap::folio_put(folio, Owner::User);
        }
        while let Some(folio) = take_kept(Kept::Isolated) {
            migrate::putback_lru(folio);
        }
        while let Some(pin) = take_kept_pin() {
            gup::unpin_user_page(pin.folio);
        }
    }
    // Completions and callbacks may have batched something again.
    for _ in 0..2 {
        m().set_cpu(0);
        service::wait_for_services();
        for cpu in 0..PROCESSORS {
            m().set_cpu(cpu);
            swap::lru_add_drain();
        }
        m().set_cpu(0);
        rcupdate::rcu_barrier();
    }
}
