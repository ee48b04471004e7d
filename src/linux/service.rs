//! Work done by service tasks: `workqueue.h` items on the CPU they were queued on, and I/O completions. A service task
//! ends when it has nothing left to do, and is started again by the next item.

use super::sched::{local_irq_disable, local_irq_enable};
use crate::machine::{Access, Hidden, m};
use crate::vocab::{CPUS, IO_TASK, KSWAPD_TASK, KWORKER_TASK, Note, OPS_PER_CPU, Obj, TASKS};
use std::cell::Cell;

/// I/O requests in flight at once, at most: a folio is being read or written, not both, so there is room for all.
const REQUESTS: usize = 16;

/// A work item.
pub type Work = fn();

/// An I/O request: what its completion does, with its argument.
pub type Request = (fn(u32), u32);

struct State {
    /// The work item queued on each CPU.
    work: [Cell<Option<Work>>; CPUS],
    /// Requests in flight, the first to complete first.
    io: [Cell<Option<Request>>; REQUESTS],
    /// Items each service task has done: its next operation's number.
    done: [Cell<u8>; TASKS],
    kswapd: Cell<Option<Work>>,
}

thread_local! {
    static STATE: State = const { State {
        work: [const { Cell::new(None) }; CPUS],
        io: [const { Cell::new(None) }; REQUESTS],
        done: [const { Cell::new(0) }; TASKS],
        kswapd: Cell::new(None),
    } };
}

/// The main task sleeps here in the epilogue, when it has no other wait entry.
const EPILOGUE: Obj = Obj::wait_flags(0);

pub(super) fn reset() {
    STATE.with(|s| {
        s.work.iter().for_each(|c| c.set(None));
        s.io.iter().for_each(|c| c.set(None));
        s.done.iter().for_each(|c| c.set(0));
        s.kswapd.set(None);
    });
}

/// Runs `item` as the next operation of the running service task.
fn run(item: impl FnOnce()) {
    let op = STATE.with(|s| {
        let done = &s.done[m().task()];
        done.replace((done.get() + 1).min(OPS_PER_CPU as u8 - 1))
    });
    m().begin_op(op);
    item();
    m().end_op(0);
}

/// `queue_work_on(cpu, work)`: nothing if the CPU has it queued already (there is one work item per CPU).
pub fn queue_work_on(cpu: usize, work: fn()) {
    m().touch(Hidden::Work, Access::Write);
    STATE.with(|s| s.work[cpu].set(Some(work)));
    m().spawn_service(KWORKER_TASK + cpu);
}

/// `flush_work`: waits until the CPU's work item has run.
pub fn flush_work(cpu: usize) {
    let worker = KWORKER_TASK + cpu;
    while m().is_live(worker) {
        m().note(Note::Blocked, Obj::wait_flags(worker), 0);
        m().block_on(Obj::wait_flags(worker));
    }
}

/// Body of a kworker.
pub fn kworker_task(task: usize) {
    while let Some(work) = next(|s| s.work[task - KWORKER_TASK].take()) {
        run(work);
    }
    m().wake(Obj::wait_flags(task));
    m().wake(EPILOGUE);
}

/// `submit_bio`: `end_io(arg)` runs later, as an interrupt, in the I/O task.
pub fn submit_io(end_io: fn(u32), arg: u32) {
    m().touch(Hidden::Work, Access::Write);
    STATE.with(|s| {
        if let Some(free) = s.io.iter().find(|c| c.get().is_none()) {
            free.set(Some((end_io, arg)));
        }
    });
    m().spawn_service(IO_TASK);
}

/// What is queued for a service task, taken off the queue.
fn next<T>(take: impl FnOnce(&State) -> Option<T>) -> Option<T> {
    m().touch(Hidden::Work, Access::Write);
    STATE.with(take)
}

fn next_request() -> Option<Request> {
    next(|s| {
        let first = s.io[0].take()?;
        for i in 1..REQUESTS {
            s.io[i - 1].set(s.io[i].take());
        }
        Some(first)
    })
}

/// Body of the I/O task: the device, and the interrupts in which it reports completions.
pub fn io_task() {
    while let Some((end_io, arg)) = next_request() {
        run(|| {
            local_irq_disable();
            end_io(arg);
            local_irq_enable();
        });
    }
    m().wake(EPILOGUE);
}

/// `wakeup_kswapd`: kswapd runs `balance` once, unless it is running.
pub fn wakeup_kswapd(balance: fn()) {
    m().touch(Hidden::Work, Access::Write);
    STATE.with(|s| s.kswapd.set(Some(balance)));
    m().spawn_service(KSWAPD_TASK);
}

/// Body of kswapd.
pub fn kswapd_task() {
    while let Some(balance) = next(|s| s.kswapd.take()) {
        run(balance);
    }
    m().wake(EPILOGUE);
}

/// Epilogue: waits until every service task but RCU's is over.
pub fn wait_for_services() {
    while (IO_TASK..TASKS).any(|t| m().is_live(t)) {
        m().block_on(EPILOGUE);
    }
}
