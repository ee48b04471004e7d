//! `sched.h`, `preempt.h`, `irqflags.h`: what context the running task is in.

use crate::machine::{Section, m};
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

impl Context {
    fn depth(&self, section: Section) -> &Cell<u8> {
        match section {
            Section::IrqOff => &self.irq,
            Section::PreemptOff => &self.preempt,
            Section::RcuRead => &self.rcu,
        }
    }

    /// An RCU read section: explicit, or implied where interrupts and preemption being off count (v4.20).
    fn reads(&self) -> bool {
        self.rcu.get() > 0 || (m().model().irqoff_is_reader && (self.irq.get() > 0 || self.preempt.get() > 0))
    }
}

#[inline]
fn enter(section: Section) {
    CONTEXT.with(|all| {
        let depth = all[m().task()].depth(section);
        depth.set(depth.get() + 1);
        if depth.get() == 1 {
            m().set_section(section, true);
        }
    });
}

#[inline]
fn exit(section: Section) {
    let left = CONTEXT.with(|all| {
        let c = &all[m().task()];
        let depth = c.depth(section);
        depth.set(depth.get().saturating_sub(1));
        if depth.get() == 0 {
            m().set_section(section, false);
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
    enter(Section::IrqOff);
}

#[inline]
pub fn local_irq_enable() {
    exit(Section::IrqOff);
}

#[inline]
pub fn preempt_disable() {
    enter(Section::PreemptOff);
}

#[inline]
pub fn preempt_enable() {
    exit(Section::PreemptOff);
}

pub(super) fn rcu_enter() {
    enter(Section::RcuRead);
}

pub(super) fn rcu_exit() {
    exit(Section::RcuRead);
}

/// `might_sleep()`.
#[inline]
pub fn might_sleep() {
    m().note(Note::MightSleep, Obj::NONE, 0);
}
