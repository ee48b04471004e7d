//! Every interleaving with at most so many preemptions.
//!
//! A preemption is a switch away from a task that could go on; switches when a task blocks, waits or ends are free. A
//! preemption can be put off to the task's next step that conflicts with something another task does: nothing changes
//! but that the task has gone further. So only there are other tasks tried. Which steps those are is learned: a pass
//! in which a new one came to light is made again. Of two paths that come to the same happens-before with the same task
//! running, the one with fewer preemptions left is cut.

use super::causality::{Ahead, Causality, Race};
use super::{Node, Reduction};
use crate::machine::{Access, CELLS, CellId, Hidden, Machine, Touch};
use std::collections::HashMap;

/// What is known of the choices at a node.
#[derive(Clone, Default, serde::Serialize, serde::Deserialize)]
pub struct Choices {
    /// Preemptions before it.
    spent: u32,
    left: u32,
    tried: u32,
    /// Of the steps before it.
    class: u64,
}

/// Tasks that touch a cell, by how.
#[derive(Clone, Copy, Default)]
struct Users {
    read: u32,
    update: u32,
    shared: u32,
    write: u32,
}

impl Users {
    fn add(&mut self, task: usize, access: Access) {
        let set = match access {
            Access::Read => &mut self.read,
            Access::Update => &mut self.update,
            Access::TakeShared | Access::ReleaseShared => &mut self.shared,
            Access::Write | Access::Lock | Access::Unlock => &mut self.write,
        };
        *set |= 1 << task;
    }

    /// Whether two tasks conflict there.
    fn contended(self) -> bool {
        let all = self.read | self.update | self.shared | self.write;
        let kinds = [self.read, self.update, self.shared].iter().filter(|set| **set != 0).count();
        all & (all.wrapping_sub(1)) != 0 && (self.write != 0 || kinds > 1)
    }
}

/// The reduction.
pub struct Bounded {
    limit: u32,
    users: Vec<Users>,
    /// Cells each step has been seen to touch.
    cells: HashMap<(u8, Ahead), Vec<CellId>>,
    /// States reached, by happens-before and running task, with the preemptions left.
    seen: HashMap<(u64, u8, bool), u32>,
    learned: bool,
}

impl Default for Bounded {
    fn default() -> Bounded {
        Bounded::new(0)
    }
}

impl Bounded {
    pub fn new(limit: u32) -> Bounded {
        let mut users = vec![Users::default(); CELLS];
        // What a step of a claim does is never of no interest to the others.
        users[Hidden::Claim.cell() as usize].write = 0b11;
        Bounded { limit, users, cells: HashMap::new(), seen: HashMap::new(), learned: false }
    }

    /// The same search with another bound; what was learned stays.
    pub fn with_limit(self, limit: u32) -> Bounded {
        Bounded { limit, seen: HashMap::new(), learned: false, ..self }
    }

    fn is_contended(&self, task: u8, ahead: Ahead) -> bool {
        let cells = self.cells.get(&(task, ahead)).map_or(&[][..], Vec::as_slice);
        cells.iter().any(|c| self.users[*c as usize].contended())
    }

    /// Whether the state has been reached with at least as many preemptions left; it has been now.
    fn is_known(&mut self, state: (u64, u8, bool), left: u32) -> bool {
        let most = self.seen.entry(state).or_insert(u32::MAX);
        if *most != u32::MAX && *most >= left {
            return true;
        }
        *most = left;
        false
    }

    fn learn(&mut self, task: usize, ahead: Ahead, touched: &[Touch]) {
        let known = self.cells.entry((task as u8, ahead)).or_default();
        for t in touched {
            let users = &mut self.users[t.cell as usize];
            let before = users.contended();
            users.add(task, t.access);
            let after = users.contended();
            let new = !known.contains(&t.cell);
            if new {
                known.push(t.cell);
            }
            self.learned |= after && (new || !before);
        }
    }
}

impl Reduction for Bounded {
    type State = Choices;

    fn stepped(&mut self, nodes: &mut [Node<Choices>], past: &Causality, _: &[Race]) {
        let step = past.len() - 1;
        debug_assert!(step < nodes.len());
        self.learn(past.task(step), past.ahead(step), past.touched(step));
    }

    fn arrived(
        &mut self,
        before: Option<&Node<Choices>>,
        past: &Causality,
        node: &mut Node<Choices>,
        m: &Machine,
    ) -> Option<usize> {
        if let Some(before) = before {
            let preempted = before.goes_on && before.chosen != before.cur;
            node.more.spent = before.more.spent + u32::from(preempted);
            node.more.class = before.more.class.wrapping_add(past.hash(past.len() - 1));
        }
        let left = self.limit.saturating_sub(node.more.spent);
        // A step that touches nothing leaves the happens-before as it was: that is no other way to come there.
        let moved = past.len().checked_sub(1).is_none_or(|last| !past.touched(last).is_empty());
        if moved && self.is_known((node.more.class, node.cur, node.goes_on), left) {
            return None;
        }
        let cur = node.cur as usize;
        let preempts = left > 0 && self.is_contended(node.cur, super::ahead(m, cur));
        let options = if node.goes_on && !preempts { 1 << cur } else { node.enabled };
        let first = m.default_choice(cur, options);
        node.more.left = options & !(1 << first);
        Some(first)
    }

    fn next(&mut self, node: &mut Node<Choices>, _: &[Touch]) -> Option<usize> {
        node.more.tried += 1;
        let next = (node.more.left != 0).then(|| node.more.left.trailing_zeros() as usize)?;
        node.more.left &= node.more.left - 1;
        Some(next)
    }

    fn counts(&self, node: &Node<Choices>) -> (u32, u32) {
        (node.more.tried, node.more.left.count_ones())
    }

    fn again(&mut self) -> bool {
        self.seen.clear();
        std::mem::take(&mut self.learned)
    }
}
