//! Depth-first search, plain: every sequence of the first choices, one after the other; the default order from there.

use super::Profile;
use super::world::{Ask, Strategy, World};

/// One choice: the task chosen, and those yet to be.
#[derive(Clone, Copy)]
struct Node {
    task: u8,
    left: u128,
}

/// See the module's description.
pub struct Dfs {
    depth: usize,
    path: Vec<Node>,
    at: usize,
    exhausted: bool,
}

impl Dfs {
    /// `depth`: choices between more than one task that are searched.
    pub fn new(depth: u32) -> Dfs {
        Dfs { depth: depth as usize, path: Vec::new(), at: 0, exhausted: false }
    }
}

impl Strategy for Dfs {
    fn begin(&mut self, _: u64, _: &Profile) {
        self.at = 0;
    }

    fn pick<W: World>(&mut self, world: &W, ask: &Ask) -> usize {
        let default = world.default_choice(ask.cur, ask.enabled);
        if ask.enabled & (ask.enabled - 1) == 0 || self.at == self.depth {
            return default;
        }
        if self.at == self.path.len() {
            self.path.push(Node { task: default as u8, left: ask.enabled & !(1 << default) });
        }
        let task = self.path[self.at].task as usize;
        self.at += 1;
        // A world that does not repeat itself cannot be searched; it must not be broken either.
        if ask.enabled >> task & 1 != 0 { task } else { default }
    }

    fn end(&mut self, _: &Profile, _: bool) {
        while let Some(node) = self.path.last_mut() {
            if node.left != 0 {
                node.task = node.left.trailing_zeros() as u8;
                node.left &= node.left - 1;
                return;
            }
            self.path.pop();
        }
        self.exhausted = true;
    }

    fn load(&mut self) {
        self.path.clear();
        self.exhausted = false;
    }

    fn exhausted(&self) -> bool {
        self.exhausted
    }
}
