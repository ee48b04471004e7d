//! Every path, where paths may be given up before their end.
//!
//! At each node only a persistent set of tasks is tried: one that nobody outside of it can disturb. A task outside can
//! if something it does later conflicts with the next step of a task inside. What tasks do later is learned: a pass in
//! which something that matters came to light is made again. Sleep sets keep any two paths with the same happens-before
//! from both being run. Unlike [`super::Dpor`] this looks at what steps have been seen to do, not at what the rest of
//! this execution does, so that the rest need not be run.

use super::causality::{Ahead, Causality, Race};
use super::dpor::{Asleep, asleep, still_asleep, tasks};
use super::{Node, Reduction};
use crate::machine::{Access, CELLS, CellId, Hidden, Machine, Touch};
use crate::vocab::{CPUS, TASKS};
use std::collections::HashMap;

/// What is known of the choices at a node.
#[derive(Clone, Default, serde::Serialize, serde::Deserialize)]
pub struct Choices {
    left: u32,
    tried: Vec<Asleep>,
    asleep: Vec<Asleep>,
}

const WORDS: usize = CELLS.div_ceil(64);
type Bits = [u64; WORDS];

/// Cells by how they are touched.
#[derive(Clone)]
struct Cells {
    read: Bits,
    update: Bits,
    shared: Bits,
    write: Bits,
}

impl Cells {
    const EMPTY: Cells = Cells { read: [0; WORDS], update: [0; WORDS], shared: [0; WORDS], write: [0; WORDS] };

    /// Whether it was not there.
    fn insert(&mut self, cell: CellId, access: Access) -> bool {
        let bits = match access {
            Access::Read => &mut self.read,
            Access::Update => &mut self.update,
            Access::TakeShared | Access::ReleaseShared => &mut self.shared,
            Access::Write | Access::Lock | Access::Unlock => &mut self.write,
        };
        let word = &mut bits[cell as usize / 64];
        let before = *word;
        *word |= 1 << (cell % 64);
        *word != before
    }

    /// Whether it is written.
    fn has(&self, cell: CellId) -> bool {
        self.write[cell as usize / 64] >> (cell % 64) & 1 != 0
    }

    fn conflicts(&self, other: &Cells) -> bool {
        (0..WORDS).any(|i| {
            let (r, u, s, w) = (self.read[i], self.update[i], self.shared[i], self.write[i]);
            let (or, ou, os, ow) = (other.read[i], other.update[i], other.shared[i], other.write[i]);
            w & (or | ou | os | ow) | ow & (r | u | s) | r & (ou | os) | u & (or | os) | s & (or | ou) != 0
        })
    }
}

/// What a task at one place has been seen to do.
struct Known {
    next: Cells,
    /// From there to its end, the next step included.
    later: Cells,
}

/// The reduction.
pub struct Persistent {
    known: Vec<Known>,
    ids: HashMap<(u8, Ahead), u32>,
    /// Of the running execution's steps.
    path: Vec<u32>,
    /// All each task has been seen to touch.
    users: Vec<Cells>,
    learned: bool,
    /// Steps since something was learned: the pass is not worth going on with.
    stale: u32,
}

/// New steps after which a pass that will be made again is made again.
const STALE: u32 = 20_000;

impl Default for Persistent {
    fn default() -> Persistent {
        Persistent {
            known: Vec::new(),
            ids: HashMap::new(),
            path: Vec::new(),
            users: vec![Cells::EMPTY; TASKS],
            learned: false,
            stale: 0,
        }
    }
}

impl Persistent {
    fn id(&mut self, task: u8, ahead: Ahead) -> u32 {
        let known = &mut self.known;
        *self.ids.entry((task, ahead)).or_insert_with(|| {
            known.push(Known { next: Cells::EMPTY, later: Cells::EMPTY });
            known.len() as u32 - 1
        })
    }

    fn at(&self, task: usize, m: &Machine) -> Option<&Known> {
        self.ids.get(&(task as u8, super::ahead(m, task))).and_then(|id| self.known.get(*id as usize))
    }

    /// Tasks that can run of the smallest set nobody outside of can disturb.
    fn persistent(&self, node: &Node<Choices>, m: &Machine) -> u32 {
        let live = m.live_tasks();
        let mut best = node.enabled;
        for first in (0..TASKS).filter(|t| node.enabled >> t & 1 != 0) {
            let set = self.closure(first, node, live, m) & node.enabled;
            if set != 0 && set.count_ones() < best.count_ones() {
                best = set;
            }
        }
        best
    }

    fn closure(&self, first: usize, node: &Node<Choices>, live: u32, m: &Machine) -> u32 {
        let mut set = 1u32 << first;
        let mut done = 0;
        while set & !done != 0 {
            let task = (set & !done).trailing_zeros() as usize;
            done |= 1 << task;
            let mut waits = Cells::EMPTY;
            let next = if node.enabled >> task & 1 != 0 {
                match self.at(task, m) {
                    Some(known) => &known.next,
                    None => continue,
                }
            } else if m.would_block(task) && node.awaiting >> task & 1 == 0 {
                waits.insert(m.pending(task).obj.0, Access::Write);
                waits.insert(Hidden::Claim.cell(), Access::Write);
                &waits
            } else if node.runnable >> task & 1 != 0 && node.awaiting >> task & 1 == 0 {
                waits.insert(Hidden::Claim.cell(), Access::Write);
                &waits
            } else {
                return node.enabled;
            };
            // What a claim comes to may end the execution: nobody's later steps would be seen.
            if next.has(Hidden::Claim.cell()) && node.enabled >> task & 1 != 0 {
                return node.enabled;
            }
            for other in (0..TASKS).filter(|t| !done >> t & 1 != 0) {
                if live >> other & 1 == 0 {
                    // A service that somebody may start.
                    if other >= CPUS && self.users[other].conflicts(next) {
                        return node.enabled;
                    }
                    continue;
                }
                // Who sleeps may go on in more than one way.
                let known = self.at(other, m).filter(|_| node.runnable >> other & 1 != 0);
                if known.map_or(&self.users[other], |k| &k.later).conflicts(next) {
                    set |= 1 << other;
                }
            }
        }
        set
    }
}

impl Reduction for Persistent {
    type State = Choices;

    fn stepped(&mut self, _: &mut [Node<Choices>], past: &Causality, _: &[Race]) {
        let step = past.len() - 1;
        let task = past.task(step);
        self.path.truncate(step);
        while self.path.len() <= step {
            let n = self.path.len();
            let id = self.id(past.task(n) as u8, past.ahead(n));
            self.path.push(id);
        }
        self.stale += u32::from(self.learned);
        for touch in past.touched(step) {
            let mut new = self.known[self.path[step] as usize].next.insert(touch.cell, touch.access);
            new |= self.users[task].insert(touch.cell, touch.access);
            for before in (0..=step).filter(|s| past.task(*s) == task) {
                new |= self.known[self.path[before] as usize].later.insert(touch.cell, touch.access);
            }
            if new && !self.learned {
                let mut one = Cells::EMPTY;
                one.insert(touch.cell, touch.access);
                self.learned = touch.cell == Hidden::Claim.cell()
                    || (0..TASKS).any(|t| t != task && self.users[t].conflicts(&one));
            }
        }
    }

    fn arrived(
        &mut self,
        before: Option<&Node<Choices>>,
        past: &Causality,
        node: &mut Node<Choices>,
        m: &Machine,
    ) -> Option<usize> {
        if let Some(before) = before {
            let touched = past.touched(past.len() - 1);
            node.more.asleep = still_asleep(&before.more.asleep, &before.more.tried, before.chosen, touched);
        }
        let awake = self.persistent(node, m) & !tasks(&node.more.asleep);
        if awake == 0 {
            return None;
        }
        let first = m.default_choice(node.cur as usize, awake);
        node.more.left = awake & !(1 << first);
        Some(first)
    }

    fn next(&mut self, node: &mut Node<Choices>, touched: &[Touch]) -> Option<usize> {
        if self.stale > STALE {
            return None;
        }
        node.more.tried.push(asleep(node.chosen, touched));
        let next = (node.more.left != 0).then(|| node.more.left.trailing_zeros() as usize)?;
        node.more.left &= node.more.left - 1;
        Some(next)
    }

    fn counts(&self, node: &Node<Choices>) -> (u32, u32) {
        (node.more.tried.len() as u32, node.more.left.count_ones())
    }

    fn again(&mut self) -> bool {
        self.stale = 0;
        std::mem::take(&mut self.learned)
    }
}
