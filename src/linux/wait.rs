//! `wait.h`: hashed wait queues for folio bits. A task has one wait entry; its flags word is shared memory, the folio
//! and bit it waits for are written before it is queued and read under the queue lock.

use super::mm_types::Folio;
use super::spinlock::SpinLock;
use crate::machine::m;
use crate::prim;
use crate::vocab::{Field, Note, Obj, Order, Seq, TASKS, WAIT_QUEUES};
use std::cell::Cell;

thread_local! {
    static ENTRIES: [Cell<(u8, u8)>; TASKS] = const { [const { Cell::new((0, 0)) }; TASKS] };
}

/// The queue a folio's waiters sleep in, by a hash of its address.
#[derive(Clone, Copy)]
pub struct WaitQueue(usize);

impl WaitQueue {
    pub fn of(folio: Folio) -> WaitQueue {
        WaitQueue(folio.pfn() % WAIT_QUEUES)
    }

    pub const fn lock(self) -> SpinLock {
        SpinLock::wait_queue(self.0)
    }

    fn obj(self) -> Obj {
        Obj::queue(self.0)
    }

    /// The queued tasks, head first. Queue lock held.
    pub fn entries(self) -> Seq {
        Seq(m().load(self.obj(), Order::Plain, Note::Nothing, 0))
    }

    /// `!list_empty_careful(&entry)`: LD.acq without the lock, whether `task`'s entry is queued.
    pub fn queued_careful(self, task: usize) -> bool {
        Seq(m().load(self.obj(), Order::Acquire, Note::Nothing, 0)).contains(task)
    }

    /// Appends the running task's entry. Queue lock held.
    pub fn add_tail(self) {
        let task = m().task();
        let _ = m().rmw(self.obj(), Order::Plain, Note::Nothing, 0, |q| Some(Seq(q).push_tail(task).0));
    }

    /// Unlinks `task`'s entry. Queue lock held.
    pub fn unlink(self, task: usize) {
        let _ = m().rmw(self.obj(), Order::Release, Note::Nothing, 0, |q| Some(Seq(q).remove(task).0));
    }
}

/// Prepares the running task's entry.
pub fn init_entry(folio: Folio, bit: u8, flags: u64) {
    prim!(init_wait);
    let task = m().task();
    ENTRIES.with(|e| e[task].set((folio.0, bit)));
    m().poke(Obj::wait_flags(task), flags);
}

/// What `task`'s entry waits for. Queue lock held.
pub fn entry(task: usize) -> (Folio, u8) {
    let (f, bit) = ENTRIES.with(|e| e[task].get());
    (Folio(f), bit)
}

/// LD.acq of an entry's flags.
pub fn entry_flags(task: usize) -> u64 {
    prim!(wait_flags);
    m().load(Obj::wait_flags(task), Order::Acquire, Note::Nothing, 0)
}

/// ST.rel of an entry's flags.
pub fn set_entry_flags(task: usize, flags: u64) {
    prim!(set_wait_flags);
    m().store(Obj::wait_flags(task), flags, Order::Release, Note::Nothing, 0);
}

/// Sleeps until somebody wakes the running task's entry.
pub fn sleep_on_entry(folio: Folio, bit: u8, exclusive: bool) {
    let task = m().task();
    m().note(Note::FolioWait, folio.obj(Field::Flags), bit as u32 | (exclusive as u32) << 8);
    m().note(Note::Blocked, Obj::wait_flags(task), 0);
    m().block_on(Obj::wait_flags(task));
}

/// `wake_up_state` of the task an entry belongs to.
pub fn wake_entry(task: usize) {
    m().wake(Obj::wait_flags(task));
}
