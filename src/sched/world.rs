//! The seam of the searching strategies: a [`Strategy`] chooses, knowing of the program only what a [`World`] shows.
//!
//! A world is whatever runs tasks one at a time and asks before each step: the simulated [`Machine`], or the tests and
//! benchmarks' own. A step of a task is the access it has announced ([`World::next`]) and all that follows up to its
//! next question. The world calls, in this order, on an [`Asked`], which does the bookkeeping common to all strategies:
//!
//! ```text
//! asked.load()                             when the program is another one: what is known of the last is forgotten
//! asked.begin(seed)                        before each execution
//! asked.pick(&world, why, cur, runnable)   whenever a task stops, and first of all for who starts; the answer is one
//!                                          of `runnable`, and makes its next step now
//! asked.end(complete)                      after each execution; `complete`: every task came to its end
//! ```
//!
//! What was executed need not be told: it is what the task that was chosen last had announced, unless it went to sleep
//! instead ([`Why::Blocked`]). Tasks are numbered from 0, below [`MAX_TASKS`], in a way that is the same in every
//! execution of a program; a task that has not begun announces [`Next::NONE`]. Cells and sites are any numbers that are
//! the same in every execution; sites are static, so that those of equal threads are equal.

use super::Profile;
use crate::machine::{Machine, Why};
use crate::vocab::{Kind, Obj, TASKS};

/// Tasks a world may have.
pub const MAX_TASKS: usize = 128;

/// What an access does to its cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Act {
    /// No access: the task begins, waits for another's end, or goes on after one.
    None,
    Read,
    Write,
    /// A read-modify-write, whether it will take effect or not; a lock that is only tried.
    Rmw,
    /// Takes a lock, waiting for it.
    Lock,
    LockShared,
    Unlock,
    UnlockShared,
}

impl Act {
    /// Whether what it does may depend on the writes before.
    #[inline]
    pub fn reads(self) -> bool {
        matches!(self, Act::Read | Act::Rmw | Act::Lock | Act::LockShared)
    }

    #[inline]
    pub fn writes(self) -> bool {
        !matches!(self, Act::None | Act::Read)
    }

    pub fn is_lock(self) -> bool {
        matches!(self, Act::Lock | Act::LockShared | Act::Unlock | Act::UnlockShared)
    }

    fn is_shared(self) -> bool {
        matches!(self, Act::LockShared | Act::UnlockShared)
    }
}

/// The access a task makes next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Next {
    pub cell: u32,
    pub act: Act,
    /// Where in the program text.
    pub site: u32,
}

impl Next {
    pub const NONE: Next = Next { cell: u32::MAX, act: Act::None, site: 0 };

    /// Whether the order of two accesses matters: one cell, not both only reading, nor both sharing a lock.
    #[inline]
    pub fn races(&self, other: &Next) -> bool {
        self.cell == other.cell
            && (self.act.writes() || other.act.writes())
            && !(self.act.is_shared() && other.act.is_shared())
            && self.act != Act::None
            && other.act != Act::None
    }
}

/// What a strategy sees of the program it runs.
pub trait World {
    /// The access `task` makes if it is chosen, or would make if it could run.
    fn next(&self, task: usize) -> Next;

    /// Those of `tasks` that would only go to sleep if they were chosen: they are about to take a lock that is held.
    fn would_block(&self, _tasks: u128) -> u128 {
        0
    }

    /// Who runs if nobody cares: `cur` if it can.
    fn default_choice(&self, cur: usize, runnable: u128) -> usize {
        if runnable >> cur & 1 != 0 { cur } else { runnable.trailing_zeros() as usize }
    }

    /// The object a cell is a field of: any number that is the same for all its fields.
    fn object(&self, cell: u32) -> u32 {
        cell
    }
}

/// One question.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    pub why: Why,
    /// The task that has stopped.
    pub cur: usize,
    /// Tasks that can run.
    pub runnable: u128,
    /// Whom to choose from, never empty: without those that would only go to sleep or go on spinning, unless there are
    /// no others.
    pub enabled: u128,
    /// Tasks left out of `enabled` because they spin.
    pub spinning: u128,
    /// The step made since the last question, by `cur`; nothing of it is known if the task went to sleep.
    pub done: Option<(usize, Next)>,
}

/// Chooses who runs. One value serves one program after another; equal seeds, programs and histories give equal
/// choices.
pub trait Strategy {
    /// An execution begins. `profile` is what the executions of the program before it have shown.
    fn begin(&mut self, seed: u64, profile: &Profile);

    /// One of `ask.enabled`.
    fn pick<W: World>(&mut self, world: &W, ask: &Ask) -> usize;

    /// The execution is over, cut short unless `complete`.
    fn end(&mut self, _profile: &Profile, _complete: bool) {}

    /// The program is another one.
    fn load(&mut self) {}

    /// What of the profile it looks at.
    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    /// Whether it has run everything it would.
    fn exhausted(&self) -> bool {
        false
    }
}

/// What of a [`Profile`] is kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Needs {
    Nothing,
    /// How many points each task passes.
    Points,
    /// And what it accesses there.
    Accesses,
}

/// The tasks of a set, lowest first.
#[inline]
pub fn tasks(mut set: u128) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let task = set.trailing_zeros() as usize;
        set &= set.wrapping_sub(1);
        (task < MAX_TASKS).then_some(task)
    })
}

/// The `n`-th task of a set, from 0.
#[inline]
pub fn nth_task(mut set: u128, n: u32) -> usize {
    for _ in 0..n {
        set &= set.wrapping_sub(1);
    }
    set.trailing_zeros() as usize
}

impl World for Machine {
    #[inline]
    fn next(&self, task: usize) -> Next {
        let p = self.pending(task);
        let act = match p.kind {
            Kind::Load => Act::Read,
            Kind::Store => Act::Write,
            Kind::Rmw | Kind::RmwFail => Act::Rmw,
            Kind::Lock => Act::Lock,
            Kind::LockShared => Act::LockShared,
            Kind::Unlock => Act::Unlock,
            Kind::UnlockShared => Act::UnlockShared,
            Kind::Barrier | Kind::Note => return Next::NONE,
        };
        Next { cell: u32::from(p.obj.0), act, site: p.site }
    }

    #[inline]
    fn would_block(&self, among: u128) -> u128 {
        tasks(among).filter(|t| *t < TASKS && self.would_block(*t)).map(|t| 1 << t).sum()
    }

    fn default_choice(&self, cur: usize, runnable: u128) -> usize {
        self.default_choice(cur, runnable as u32)
    }

    fn object(&self, cell: u32) -> u32 {
        let place = Obj(cell as u16).place();
        (place.class as u32) << 8 | u32::from(place.index)
    }
}
