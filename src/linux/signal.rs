//! `sched/signal.h`: fatal signals. One ends the killable waits of the operation a task is in.

use crate::machine::m;
use crate::prim;
use crate::vocab::{Field, Note, Obj, Order};

const fn pending(task: usize) -> Obj {
    Obj::at(Field::Signal, task, 0)
}

/// `fatal_signal_pending(current)`.
pub fn fatal_signal_pending() -> bool {
    prim!(fatal_signal_pending);
    m().load(pending(m().task()), Order::Relaxed, Note::Nothing, 0) != 0
}

/// `send_sig(SIGKILL)` to the program of a CPU: its operation sees it, and a killable sleep ends.
pub fn send_sigkill(task: usize) {
    prim!(send_sigkill);
    m().store(pending(task), 1, Order::Full, Note::Nothing, task as u32);
    m().wake(Obj::wait_flags(task));
}

/// The task's next operation belongs to a process that was not killed.
pub fn clear_signal() {
    m().poke(pending(m().task()), 0);
}
