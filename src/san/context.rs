//! What several checks need to know: locks held, context, who holds which folio lock, what is freed.

use crate::vocab::*;

/// Locks one task can hold at once; more are not tracked (no path comes near).
const HELD: usize = 8;

/// The state of one task.
#[derive(Clone, Copy)]
pub(crate) struct TaskView {
    locks: [Obj; HELD],
    nr_locks: usize,
    /// Mappings the task may use, as a bit set.
    pub pins: u8,
    /// Event at which the operation began.
    pub op_begin: u32,
}

const IDLE: TaskView = TaskView { locks: [Obj::NONE; HELD], nr_locks: 0, pins: 0, op_begin: 0 };

/// The state of one folio.
#[derive(Clone, Copy)]
pub(crate) struct FolioView {
    /// Task that holds the folio lock, plus one.
    pub locked_by: u8,
    /// The lock was handed over by a waker; its new holder may not know yet.
    pub handed: bool,
    /// Event that took the lock.
    pub locked_at: u32,
    pub free: bool,
    /// Task between the free-time check and the free list, plus one: the memory is still its own.
    pub freer: u8,
    pub freed_at: u32,
    /// Last event of each task that wrote one of the folio's words.
    pub written: [u32; TASKS],
}

const UNUSED: FolioView =
    FolioView { locked_by: 0, handed: false, locked_at: 0, free: true, freer: 0, freed_at: 0, written: [0; TASKS] };

pub(crate) struct Context {
    pub tasks: [TaskView; TASKS],
    pub folios: [FolioView; FOLIOS],
    /// Event that freed the inode, plus one.
    pub inode_freed: [u32; MAPPINGS],
    /// The operations have begun.
    pub running: bool,
}

impl Default for Context {
    fn default() -> Context {
        Context { tasks: [IDLE; TASKS], folios: [UNUSED; FOLIOS], inode_freed: [0; MAPPINGS], running: false }
    }
}

/// Whether a lock is a spinlock; the others sleep.
pub(crate) fn is_spinlock(obj: Obj) -> bool {
    matches!(obj.field(), Field::XaLock | Field::ILock | Field::LruLock | Field::QueueLock)
}

impl TaskView {
    pub fn holds(&self, lock: Obj) -> bool {
        self.locks[..self.nr_locks].contains(&lock)
    }

    pub fn locks(&self) -> &[Obj] {
        &self.locks[..self.nr_locks]
    }

    pub fn holds_spinlock(&self) -> bool {
        self.locks().iter().any(|l| is_spinlock(*l))
    }

    fn took(&mut self, lock: Obj) {
        if self.nr_locks < HELD {
            self.locks[self.nr_locks] = lock;
            self.nr_locks += 1;
        }
    }

    fn released(&mut self, lock: Obj) {
        if let Some(i) = self.locks().iter().rposition(|l| *l == lock) {
            self.locks.copy_within(i + 1..self.nr_locks, i);
            self.nr_locks -= 1;
        }
    }
}

impl Context {
    pub const TOPICS: Topics = Topics::none()
        .writes(Field::Flags)
        .writes(Field::Refcount)
        .writes(Field::FolioMapping)
        .writes(Field::Mapcount)
        .writes(Field::XaLock)
        .writes(Field::ILock)
        .writes(Field::LruLock)
        .writes(Field::QueueLock)
        .writes(Field::IRwsem)
        .writes(Field::InvalidateLock)
        .writes(Field::IMmapRwsem)
        .writes(Field::IState)
        .writes(Field::FreeList)
        .note(Note::FolioAlloc)
        .note(Note::FolioFree)
        .note(Note::InodePin)
        .note(Note::InodeUnpin)
        .note(Note::OpBegin)
        .note(Note::SetupDone);

    pub fn reset(&mut self) {
        *self = Context::default();
    }

    pub fn task(&self, e: &Event) -> &TaskView {
        &self.tasks[e.task as usize]
    }

    /// Whether the event's task holds the folio's lock.
    pub fn has_folio_locked(&self, folio: usize, e: &Event) -> bool {
        self.folios[folio].locked_by == e.task + 1
    }

    #[inline]
    pub fn on(&mut self, e: &Event) {
        match e.kind {
            Kind::Lock | Kind::LockShared => self.tasks[e.task as usize].took(e.obj),
            Kind::Unlock | Kind::UnlockShared => self.tasks[e.task as usize].released(e.obj),
            Kind::Note => self.note(e),
            _ => self.access(e),
        }
    }

    #[inline]
    fn access(&mut self, e: &Event) {
        if e.obj == Obj::free_list() {
            if let Some(f) = self.folios.get_mut(e.aux as usize) {
                f.freer = 0;
            }
            return;
        }
        if e.note == Note::InodeFreed {
            if let Some(m) = e.obj.as_mapping() {
                self.inode_freed[m] = e.seq + 1;
            }
            return;
        }
        let Some(f) = e.obj.as_folio() else { return };
        let folio = &mut self.folios[f];
        if e.wrote() {
            folio.written[e.task as usize] = e.seq;
        }
        if folio.locked_by == e.task + 1 {
            folio.handed = false; // it uses the folio: it knows
        }
        match e.note {
            Note::FolioTrylock if e.kind == Kind::Rmw => folio.lock(e.task + 1, e.seq),
            Note::FolioHandoff if e.kind == Kind::Rmw => {
                folio.lock(e.aux as u8 + 1, e.seq);
                folio.handed = true;
            }
            Note::FolioUnlock => folio.locked_by = 0,
            Note::NonAtomicFlag if e.wrote() && (e.old ^ e.new) & PG_LOCKED != 0 => {
                folio.lock(if e.new & PG_LOCKED != 0 { e.task + 1 } else { 0 }, e.seq);
            }
            _ => {}
        }
    }

    fn note(&mut self, e: &Event) {
        let task = &mut self.tasks[e.task as usize];
        match e.note {
            Note::InodePin => task.pins |= 1 << e.aux,
            Note::InodeUnpin => task.pins &= !(1 << e.aux),
            Note::OpBegin => task.op_begin = e.seq,
            Note::SetupDone => self.running = true,
            Note::FolioAlloc | Note::FolioFree => {
                if let Some(f) = e.obj.as_folio() {
                    let freed = e.note == Note::FolioFree;
                    let folio = &mut self.folios[f];
                    folio.free = freed;
                    folio.freer = if freed { e.task + 1 } else { 0 };
                    folio.freed_at = e.seq;
                }
            }
            _ => {}
        }
    }
}

impl FolioView {
    fn lock(&mut self, by: u8, at: u32) {
        self.locked_by = by;
        self.handed = false;
        self.locked_at = at;
    }
}
