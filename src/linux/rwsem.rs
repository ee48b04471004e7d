//! `rwsem.h`: sleeping locks.

use super::mm_types::{AddressSpace, AnonVma, Mm};
use super::sched::might_sleep;
use crate::machine::m;
use crate::prim;
use crate::vocab::{Field, Note, Obj};

/// A reader/writer semaphore of an inode or its address_space.
#[derive(Clone, Copy)]
pub struct RwSem {
    obj: Obj,
    aux: u32,
}

impl RwSem {
    /// `inode->i_rwsem`.
    pub const fn i_rwsem(mapping: AddressSpace) -> RwSem {
        RwSem { obj: mapping.obj(Field::IRwsem), aux: mapping.aux() }
    }

    /// `mapping->invalidate_lock`.
    pub const fn invalidate_lock(mapping: AddressSpace) -> RwSem {
        RwSem { obj: mapping.obj(Field::InvalidateLock), aux: mapping.aux() }
    }

    /// `mapping->i_mmap_rwsem`.
    pub const fn i_mmap(mapping: AddressSpace) -> RwSem {
        RwSem { obj: mapping.obj(Field::IMmapRwsem), aux: mapping.aux() }
    }

    /// `root->rwsem` of an anon_vma; `root` is [`AnonVma::root`].
    pub const fn anon_vma(root: AnonVma) -> RwSem {
        RwSem { obj: root.obj(Field::AvRwsem), aux: 0 }
    }

    /// `mm->mmap_lock`.
    pub const fn mmap_lock(mm: Mm) -> RwSem {
        RwSem { obj: mm.obj(Field::MmapLock), aux: 0 }
    }

    /// `shmem_swaplist_mutex`.
    pub const fn shmem_swaplist() -> RwSem {
        RwSem { obj: Obj::at(Field::ShmemSwaplistMutex, 0, 0), aux: 0 }
    }

    /// The mutex of `__lru_add_drain_all`.
    pub const fn lru_drain() -> RwSem {
        RwSem { obj: Obj::at(Field::DrainLock, 0, 0), aux: 0 }
    }
}

pub fn down_read(sem: RwSem) {
    prim!(down_read);
    might_sleep();
    m().lock(sem.obj, true, Note::Nothing, sem.aux);
}

pub fn up_read(sem: RwSem) {
    prim!(up_read);
    m().unlock(sem.obj, true, Note::Nothing, sem.aux);
}

pub fn down_write(sem: RwSem) {
    prim!(down_write);
    might_sleep();
    m().lock(sem.obj, false, Note::Nothing, sem.aux);
}

pub fn up_write(sem: RwSem) {
    prim!(up_write);
    m().unlock(sem.obj, false, Note::Nothing, sem.aux);
}

/// Shared, if that needs no waiting.
pub fn down_read_trylock(sem: RwSem) -> bool {
    prim!(down_read_trylock);
    m().trylock_shared(sem.obj, Note::TryLock, sem.aux)
}

/// `i_mmap_lock_read`, v4.0 on. Before, `i_mmap_mutex` was for walkers and changers alike.
pub fn i_mmap_lock_read(mapping: AddressSpace) {
    let sem = RwSem::i_mmap(mapping);
    if m().model().kernel.has_nonlinear() { down_write(sem) } else { down_read(sem) }
}

/// `i_mmap_unlock_read`.
pub fn i_mmap_unlock_read(mapping: AddressSpace) {
    let sem = RwSem::i_mmap(mapping);
    if m().model().kernel.has_nonlinear() { up_write(sem) } else { up_read(sem) }
}
