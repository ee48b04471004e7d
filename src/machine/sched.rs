//! The seam strategies plug into.

use super::Machine;

/// Why a strategy is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// The running task is about to make the access [`Machine::pending`] shows; it may go on.
    Point,
    /// The running task sleeps.
    Blocked,
    /// The running task is over.
    End,
    /// The running task spins: it waits for a store.
    Spin,
}

/// Who runs next.
pub trait Sched {
    /// Chooses the CPU that begins; the program's schedule says `cpu`.
    fn start(&mut self, _m: &Machine, cpu: usize) -> usize {
        cpu
    }

    /// Chooses one of `runnable` (a bit set of tasks). `cur` is in it when it may go on.
    fn pick(&mut self, m: &Machine, why: Why, cur: usize, runnable: u32) -> usize;

    /// Whether [`Sched::pick`] should be asked at the points of operation `op` of `task`. Blocking and ending always
    /// ask.
    fn watches(&mut self, _task: usize, _op: u8) -> bool {
        true
    }
}
