//! `rwsem.h`: sleeping locks.

use super::mm_types::AddressSpace;
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
