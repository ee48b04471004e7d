//! `spinlock.h`. A lock of an `address_space` is named with the handle it was reached through.

use super::mm_types::{AddressSpace, Mm};
use super::sched;
use crate::machine::m;
use crate::prim;
use crate::vocab::{Field, Note, Obj};

/// A spinlock, with the provenance of the memory it is in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SpinLock {
    obj: Obj,
    aux: u32,
}

impl SpinLock {
    pub const fn lru() -> SpinLock {
        SpinLock { obj: Obj::lru_lock(), aux: 0 }
    }

    pub const fn wait_queue(q: usize) -> SpinLock {
        SpinLock { obj: Obj::queue_lock(q), aux: 0 }
    }

    /// `mapping->i_pages.xa_lock`.
    pub const fn i_pages(mapping: AddressSpace) -> SpinLock {
        SpinLock { obj: mapping.obj(Field::XaLock), aux: mapping.aux() }
    }

    /// `mapping->host->i_lock`.
    pub const fn i_lock(mapping: AddressSpace) -> SpinLock {
        SpinLock { obj: mapping.obj(Field::ILock), aux: mapping.aux() }
    }

    /// `mapping->i_private_lock`.
    pub const fn i_private(mapping: AddressSpace) -> SpinLock {
        SpinLock { obj: mapping.obj(Field::IPrivateLock), aux: mapping.aux() }
    }

    /// The lock of a process's page table.
    pub const fn ptl(mm: Mm) -> SpinLock {
        SpinLock { obj: mm.obj(Field::Ptl), aux: 0 }
    }

    /// The swap device's cluster lock (`si->lock` above it is left out: one device, no clusters).
    pub const fn swap_cluster() -> SpinLock {
        SpinLock { obj: Obj::at(Field::SwapLock, 0, 0), aux: 0 }
    }

    /// Whether the running task holds it: what lockdep_assert_held knows. Not an access.
    pub fn held(self) -> bool {
        m().peek(self.obj) == m().task() as u64 + 1
    }
}

#[inline]
pub fn spin_lock(lock: SpinLock) {
    prim!(spin_lock);
    sched::preempt_disable();
    m().lock(lock.obj, false, Note::Nothing, lock.aux);
}

#[inline]
pub fn spin_unlock(lock: SpinLock) {
    prim!(spin_unlock);
    m().unlock(lock.obj, false, Note::Nothing, lock.aux);
    sched::preempt_enable();
}

/// Also for `_irqsave`: the saved state is the nesting depth.
#[inline]
pub fn spin_lock_irq(lock: SpinLock) {
    prim!(spin_lock_irq);
    sched::local_irq_disable();
    m().lock(lock.obj, false, Note::Nothing, lock.aux);
}

#[inline]
pub fn spin_unlock_irq(lock: SpinLock) {
    prim!(spin_unlock_irq);
    m().unlock(lock.obj, false, Note::Nothing, lock.aux);
    sched::local_irq_enable();
}

/// `spin_trylock_irqsave`: interrupts stay as they were on failure.
pub fn spin_trylock_irq(lock: SpinLock) -> bool {
    prim!(spin_trylock_irq);
    sched::local_irq_disable();
    let got = m().trylock(lock.obj, Note::TryLock, lock.aux);
    if !got {
        sched::local_irq_enable();
    }
    got
}
