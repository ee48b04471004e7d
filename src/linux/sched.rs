//! `sched.h`, `preempt.h`, `irqflags.h`: what context the running task is in.

use crate::machine::{Access, Hidden, Section, m};
use crate::vocab::{Note, Obj, TASKS};

/// Whether a task is in an RCU read section: an explicit one, or one implied where interrupts and preemption being off
/// count (v4.20).
#[inline]
fn reads(task: usize) -> bool {
    let since = |section| m().section_since(task, section).is_some();
    let implied = || m().model().irqoff_is_reader && (since(Section::IrqOff) || since(Section::PreemptOff));
    since(Section::RcuRead) || implied()
}

#[inline]
fn exit(section: Section) {
    m().leave_section(section);
    super::rcupdate::maybe_reader_left(reads);
}

/// The tasks inside an RCU read section, as a bit set.
pub(super) fn readers() -> u32 {
    (0..TASKS).for_each(|task| m().touch(Hidden::Reader(task), Access::Read));
    (0..TASKS).filter(|task| reads(*task)).fold(0, |set, task| set | 1 << task)
}

#[inline]
pub fn local_irq_disable() {
    m().enter_section(Section::IrqOff);
}

#[inline]
pub fn local_irq_enable() {
    exit(Section::IrqOff);
}

#[inline]
pub fn preempt_disable() {
    m().enter_section(Section::PreemptOff);
}

#[inline]
pub fn preempt_enable() {
    exit(Section::PreemptOff);
}

pub(super) fn rcu_enter() {
    m().enter_section(Section::RcuRead);
}

pub(super) fn rcu_exit() {
    exit(Section::RcuRead);
}

/// `might_sleep()`.
#[inline]
pub fn might_sleep() {
    m().note(Note::MightSleep, Obj::NONE, 0);
}
