//! Nothing sleeps in atomic context.

use super::{Check, CheckSpec, Finding, KindSpec, View};
use crate::vocab::*;

kinds! { "atomic":
    SLEEPING = "sleeping" actual "might_sleep, I-C10, R-DEADLOCK"
        "A function that may sleep is called under a spinlock, with interrupts or preemption off, or in RCU.";
}

#[derive(Default)]
pub(super) struct Atomic;

impl Check for Atomic {
    const SPEC: CheckSpec = CheckSpec { name: "atomic", title: "sleeping in atomic context", kinds: KINDS };
    const TOPICS: Topics = Topics::none().note(Note::MightSleep).note(Note::FolioWait);

    fn on(&mut self, v: &View, e: &Event) -> Option<Finding> {
        let atomic = v.m.in_section(e.task as usize) || v.cx.task(e).holds_spinlock();
        atomic.then(|| SLEEPING.at(e))
    }
}
