//! State of one task.

use super::frame::ROOT;
use crate::vocab::{Name, Note, Obj, Site};
use std::cell::Cell;

/// Modelled functions a task may be nested in; deeper frames share the last entry.
pub const STACK_DEPTH: usize = 24;
/// A task that passes this many points in a row during which nobody stored anything may be spinning: it is parked until
/// a store, or until nobody else can run.
pub const SPIN_POINTS: u32 = 48;
/// Parked tasks are let go this often, when nobody else can run, before they count as stuck. Together more points than
/// the longest path of the model that stores nothing (a test measures it).
pub const SPIN_ROUNDS: u32 = 8;

/// A section a task can be in, in which it may not sleep.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Section {
    IrqOff,
    PreemptOff,
    RcuRead,
}

impl Section {
    /// The note of entering it.
    pub const fn entered(self) -> Note {
        match self {
            Section::IrqOff => Note::IrqOff,
            Section::PreemptOff => Note::PreemptOff,
            Section::RcuRead => Note::RcuReadLock,
        }
    }

    /// The note of leaving it.
    pub const fn left(self) -> Note {
        match self {
            Section::IrqOff => Note::IrqOn,
            Section::PreemptOff => Note::PreemptOn,
            Section::RcuRead => Note::RcuReadUnlock,
        }
    }
}

pub(super) struct Task {
    pub cpu: Cell<usize>,
    pub op: Cell<u8>,
    pub nth: Cell<u32>,
    /// Whether the strategy wants to be asked at the points of this operation.
    pub watched: Cell<bool>,
    /// Event at which each kind of section began, plus one; 0 outside.
    pub since: [Cell<u32>; 3],
    /// How deep the task is in each.
    pub depth_of: [Cell<u8>; 3],
    pub joining: Cell<bool>,
    /// At a point before taking a lock that it will wait for, or waiting for it.
    pub takes: Cell<bool>,
    pub waiting: Cell<Obj>,
    pub seen_stores: Cell<u32>,
    pub idle: Cell<u32>,
    pub depth: Cell<usize>,
    /// The innermost modelled function.
    pub func: Cell<&'static Name>,
    pub label: Cell<Option<&'static Name>>,
    /// Site of the last point.
    pub site: Cell<Site>,
    pub stack: [Cell<&'static Name>; STACK_DEPTH],
}

impl Task {
    pub const fn new() -> Task {
        Task {
            cpu: Cell::new(0),
            op: Cell::new(0),
            nth: Cell::new(0),
            watched: Cell::new(true),
            since: [const { Cell::new(0) }; 3],
            depth_of: [const { Cell::new(0) }; 3],
            joining: Cell::new(false),
            takes: Cell::new(false),
            waiting: Cell::new(Obj::NONE),
            seen_stores: Cell::new(0),
            idle: Cell::new(0),
            depth: Cell::new(0),
            func: Cell::new(&ROOT),
            label: Cell::new(None),
            site: Cell::new(Site { func: &ROOT, label: &ROOT }),
            stack: [const { Cell::new(&ROOT) }; STACK_DEPTH],
        }
    }

    pub fn reset(&self, cpu: usize) {
        self.cpu.set(cpu);
        self.op.set(0);
        self.nth.set(0);
        self.watched.set(true);
        self.since.iter().for_each(|s| s.set(0));
        self.depth_of.iter().for_each(|d| d.set(0));
        self.joining.set(false);
        self.takes.set(false);
        self.waiting.set(Obj::NONE);
        self.seen_stores.set(0);
        self.idle.set(0);
        self.depth.set(0);
        self.func.set(&ROOT);
        self.label.set(None);
        self.site.set(Site { func: &ROOT, label: &ROOT });
    }

    /// Counts a point; true when the task has spun for long enough to be parked.
    #[inline]
    pub fn spins(&self, stores: u32) -> bool {
        if self.seen_stores.get() != stores {
            self.seen_stores.set(stores);
            self.idle.set(0);
            return false;
        }
        let idle = self.idle.get() + 1;
        self.idle.set(idle);
        idle >= SPIN_POINTS
    }
}
