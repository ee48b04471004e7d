//! What several checks need to know: locks held, context, who holds which folio lock, what is freed.

use crate::machine::Machine;
use crate::vocab::*;

/// Locks one task can hold at once; more are not tracked (no path comes near).
const HELD: usize = 16;

/// [`FolioView::locked_by`] while the lock is an I/O completion's (a read in flight).
pub(crate) const IN_FLIGHT: u8 = u8::MAX;

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
    /// Task that holds the folio lock, plus one; [`IN_FLIGHT`] for a completion.
    pub locked_by: u8,
    /// The lock was handed over by a waker; its new holder may not know yet.
    pub handed: bool,
    /// Event that took the lock.
    pub locked_at: u32,
    pub free: bool,
    /// Task between the free-time check and the free list, plus one: the memory is still its own.
    pub freer: u8,
    pub freed_at: u32,
    /// Completed FOLL_PIN calls not undone.
    pub pins: u8,
    /// Last event of each task that wrote one of the folio's words.
    pub written: [u32; TASKS],
}

const UNUSED: FolioView = FolioView {
    locked_by: 0,
    handed: false,
    locked_at: 0,
    free: true,
    freer: 0,
    freed_at: 0,
    pins: 0,
    written: [0; TASKS],
};

pub(crate) struct Context {
    pub tasks: [TaskView; TASKS],
    pub folios: [FolioView; FOLIOS],
    /// Event that freed the inode, plus one.
    pub inode_freed: [u32; SPACES],
    /// The operations have begun.
    pub running: bool,
}

impl Default for Context {
    fn default() -> Context {
        Context { tasks: [IDLE; TASKS], folios: [UNUSED; FOLIOS], inode_freed: [0; SPACES], running: false }
    }
}

/// Whether a lock is a spinlock; the others sleep.
pub(crate) fn is_spinlock(obj: Obj) -> bool {
    use Field::*;
    matches!(obj.field(), XaLock | ILock | IPrivateLock | LruLock | QueueLock | Ptl | SwapLock)
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
        .writes(Field::IPrivateLock)
        .writes(Field::Ptl)
        .writes(Field::SwapLock)
        .writes(Field::MmapLock)
        .writes(Field::AvRwsem)
        .writes(Field::DrainLock)
        .writes(Field::IState)
        .writes(Field::FreeList)
        .note(Note::FolioAlloc)
        .note(Note::FolioFree)
        .note(Note::IoSubmit)
        .note(Note::PinDone)
        .note(Note::PinDrop)
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
        self.folios[folio].is_locked_by(e.task)
    }

    #[inline]
    pub fn on(&mut self, m: &Machine, e: &Event) {
        match e.kind {
            Kind::Lock | Kind::LockShared => self.tasks[e.task as usize].took(e.obj),
            Kind::Unlock | Kind::UnlockShared => self.tasks[e.task as usize].released(e.obj),
            Kind::Note => self.note(m, e),
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

    fn note(&mut self, m: &Machine, e: &Event) {
        let task = &mut self.tasks[e.task as usize];
        match e.note {
            Note::InodePin => task.pins |= 1 << e.aux,
            Note::InodeUnpin => task.pins &= !(1 << e.aux),
            Note::OpBegin => task.op_begin = e.seq,
            Note::SetupDone => self.running = true,
            Note::IoSubmit | Note::PinDone | Note::PinDrop => {
                if let Some(f) = e.obj.as_folio() {
                    self.folios[f].io_or_pin(e, m.peek(Obj::folio(f, Field::Flags)));
                }
            }
            Note::FolioAlloc | Note::FolioFree => {
                if let Some(f) = e.obj.as_folio() {
                    let freed = e.note == Note::FolioFree;
                    let folio = &mut self.folios[f];
                    folio.free = freed;
                    folio.freer = if freed { e.task + 1 } else { 0 };
                    folio.freed_at = e.seq;
                    folio.pins = 0;
                }
            }
            _ => {}
        }
    }
}

impl FolioView {
    /// Whether the lock is the task's: a read in flight is the I/O task's.
    pub fn is_locked_by(&self, task: u8) -> bool {
        self.locked_by == task + 1 || (self.locked_by == IN_FLIGHT && task as usize == IO_TASK)
    }

    fn io_or_pin(&mut self, e: &Event, flags: u64) {
        match e.note {
            Note::PinDone => self.pins = self.pins.saturating_add(1),
            Note::PinDrop => self.pins = self.pins.saturating_sub(1),
            // A write leaves the folio lock with the submitter, who drops it before or after.
            _ if e.aux == 0 && flags & (PG_LOCKED | PG_WRITEBACK) == PG_LOCKED => self.locked_by = IN_FLIGHT,
            _ => {}
        }
    }

    fn lock(&mut self, by: u8, at: u32) {
        self.locked_by = by;
        self.handed = false;
        self.locked_at = at;
    }
}
