//! `sched.h`, `preempt.h`, `irqflags.h`: what context the running task is in.

use crate::machine::m;
use crate::vocab::{Note, Obj, TASKS};
use std::cell::Cell;

struct Context {
    irq: Cell<u8>,
    preempt: Cell<u8>,
    rcu: Cell<u8>,
}

thread_local! {
    static CONTEXT: [Context; TASKS] = const {
        [const { Context { irq: Cell::new(0), preempt: Cell::new(0), rcu: Cell::new(0) } }; TASKS]
    };
}

pub(super) fn reset() {
    CONTEXT.with(|all| {
        for c in all {
            c.irq.set(0);
            c.preempt.set(0);
            c.rcu.set(0);
        }
    });
}

#[derive(Clone, Copy)]
enum Depth {
    Irq,
    Preempt,
    Rcu,
}

impl Context {
    fn depth(&self, d: Depth) -> &Cell<u8> {
        match d {
            Depth::Irq => &self.irq,
            Depth::Preempt => &self.preempt,
            Depth::Rcu => &self.rcu,
        }
    }

    /// An RCU read section: explicit, or implied where interrupts and preemption being off count (v4.20).
    fn reads(&self) -> bool {
        self.rcu.get() > 0 || (m().model().irqoff_is_reader && (self.irq.get() > 0 || self.preempt.get() > 0))
    }
}

#[inline]
fn enter(d: Depth, note: Note) {
    CONTEXT.with(|all| {
        let depth = all[m().task()].depth(d);
        depth.set(depth.get() + 1);
        if depth.get() == 1 {
            m().note(note, Obj::NONE, 0);
        }
    });
}

#[inline]
fn exit(d: Depth, note: Note) {
    let left = CONTEXT.with(|all| {
        let c = &all[m().task()];
        let depth = c.depth(d);
        depth.set(depth.get().saturating_sub(1));
        if depth.get() == 0 {
            m().note(note, Obj::NONE, 0);
        }
        !c.reads()
    });
    if left {
        super::rcupdate::reader_left(m().task());
    }
}

/// The tasks inside an RCU read section, as a bit set.
pub(super) fn readers() -> u32 {
    CONTEXT.with(|all| all.iter().enumerate().filter(|(_, c)| c.reads()).fold(0, |set, (i, _)| set | 1 << i))
}

#[inline]
pub fn local_irq_disable() {
    enter(Depth::Irq, Note::IrqOff);
}

#[inline]
pub fn local_irq_enable() {
    exit(Depth::Irq, Note::IrqOn);
}

#[inline]
pub fn preempt_disable() {
    enter(Depth::Preempt, Note::PreemptOff);
}

#[inline]
pub fn preempt_enable() {
    exit(Depth::Preempt, Note::PreemptOn);
}

pub(super) fn rcu_enter() {
    enter(Depth::Rcu, Note::RcuReadLock);
}

pub(super) fn rcu_exit() {
    exit(Depth::Rcu, Note::RcuReadUnlock);
}

/// `might_sleep()`.
#[inline]
pub fn might_sleep() {
    m().note(Note::MightSleep, Obj::NONE, 0);
}
