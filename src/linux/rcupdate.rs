//! `rcupdate.h`: readers, callbacks and grace periods.
//!
//! A callback runs in the RCU task once every reader that was inside a section when it was queued has left it.

use super::sched;
use crate::machine::{Access, Hidden, m};
use crate::vocab::{Note, Obj, Order, RCU_TASK};
use std::cell::Cell;

const CALLBACKS: usize = 8;

#[derive(Clone, Copy)]
struct Callback {
    func: fn(usize),
    arg: usize,
    /// Readers that existed at the call and have not left, as a bit set of tasks.
    readers: u32,
}

struct State {
    queue: [Cell<Option<Callback>>; CALLBACKS],
    pending: Cell<usize>,
    /// The epilogue waits for the queue to empty.
    barrier: Cell<bool>,
    /// Tasks whose `synchronize_rcu` is over, as a bit set.
    over: Cell<u32>,
}

thread_local! {
    static STATE: State = const {
        State {
            queue: [const { Cell::new(None) }; CALLBACKS],
            pending: Cell::new(0),
            barrier: Cell::new(false),
            over: Cell::new(0),
        }
    };
}

const WORK: Obj = Obj::wait_flags(RCU_TASK);
/// The main task sleeps here in the epilogue, when it has no other wait entry.
const BARRIER: Obj = Obj::wait_flags(0);

pub(super) fn reset() {
    STATE.with(|s| {
        if s.pending.replace(0) != 0 {
            s.queue.iter().for_each(|c| c.set(None));
        }
        s.barrier.set(false);
    });
}

#[inline]
pub fn rcu_read_lock() {
    sched::rcu_enter();
}

#[inline]
pub fn rcu_read_unlock() {
    sched::rcu_exit();
}

/// `call_rcu(head, func)`: `func(arg)` runs in the RCU task after a grace period.
pub fn call_rcu(func: fn(usize), arg: usize) {
    m().note(Note::CallRcu, Obj::NONE, arg as u32);
    enqueue(func, arg, sched::readers());
}

fn enqueue(func: fn(usize), arg: usize, readers: u32) {
    m().touch(Hidden::RcuQueue, Access::Write);
    STATE.with(|s| {
        if let Some(free) = s.queue.iter().find(|c| c.get().is_none()) {
            free.set(Some(Callback { func, arg, readers }));
            s.pending.set(s.pending.get() + 1);
        }
    });
    m().spawn_service(RCU_TASK);
    if readers == 0 {
        m().wake(WORK);
    }
}

/// `synchronize_rcu()`: returns when every reader of this moment has left its section. May sleep.
pub fn synchronize_rcu() {
    sched::might_sleep();
    let readers = sched::readers();
    if readers == 0 {
        return m().barrier(Order::Full);
    }
    let task = m().task();
    STATE.with(|s| s.over.set(s.over.get() & !(1 << task)));
    enqueue(grace_period_over, task, readers);
    while STATE.with(|s| s.over.get() >> task & 1 == 0) {
        m().note(Note::Blocked, Obj::wait_flags(task), 0);
        m().block_on(Obj::wait_flags(task));
    }
}

/// The callback of [`synchronize_rcu`].
fn grace_period_over(task: usize) {
    STATE.with(|s| s.over.set(s.over.get() | 1 << task));
    m().wake(Obj::wait_flags(task));
}

/// The running task may have left its last read section.
#[inline]
pub(super) fn maybe_reader_left(reads: fn(usize) -> bool) {
    if STATE.with(|s| s.pending.get() != 0) && !reads(m().task()) {
        reader_left(m().task());
    }
}

/// `task` is in no read section any more.
#[cold]
fn reader_left(task: usize) {
    m().touch(Hidden::RcuQueue, Access::Write);
    STATE.with(|s| {
        for c in &s.queue {
            if let Some(mut cb) = c.get()
                && cb.readers >> task & 1 != 0
            {
                cb.readers &= !(1 << task);
                c.set(Some(cb));
                if cb.readers == 0 {
                    m().wake(WORK);
                }
            }
        }
    });
}

fn take_ready() -> Option<Callback> {
    m().touch(Hidden::RcuQueue, Access::Write);
    STATE.with(|s| {
        let slot = s.queue.iter().find(|c| c.get().is_some_and(|cb| cb.readers == 0))?;
        s.pending.set(s.pending.get() - 1);
        slot.take()
    })
}

/// Body of the RCU task. Each callback is one operation of it.
pub fn rcu_task() {
    let mut op = 0;
    m().begin_op(op);
    loop {
        if let Some(cb) = take_ready() {
            (cb.func)(cb.arg);
            m().end_op(0);
            op = (op + 1).min(crate::vocab::OPS_PER_CPU as u8 - 1);
            m().begin_op(op);
        } else if STATE.with(|s| s.barrier.get() && s.pending.get() == 0) {
            break;
        } else {
            m().block_on(WORK);
        }
    }
    m().wake(BARRIER);
}

/// `rcu_barrier()` of the epilogue: waits until every callback has run and the RCU task is over.
pub fn rcu_barrier() {
    if m().is_live(RCU_TASK) {
        m().touch(Hidden::RcuQueue, Access::Write);
        STATE.with(|s| s.barrier.set(true));
        m().wake(WORK);
        m().block_on(BARRIER);
    }
}
