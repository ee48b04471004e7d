//! Plain enumeration: what searches are held against.

use foliofuzz::machine::{Machine, Sched, Why};

/// Every choice at every state, one execution each; with a limit, those with at most so many preemptions.
#[derive(Default)]
pub struct Plain {
    path: Vec<(usize, u32)>,
    depth: usize,
    limit: Option<u32>,
    spent: u32,
}

impl Plain {
    pub fn with_limit(limit: Option<u32>) -> Plain {
        Plain { limit, ..Plain::default() }
    }

    fn choose(&mut self, m: &Machine, cur: usize, options: u32) -> usize {
        if self.depth == self.path.len() {
            let first = m.default_choice(cur, options);
            self.path.push((first, options & !(1 << first)));
        }
        let chosen = self.path[self.depth].0;
        self.depth += 1;
        chosen
    }

    /// Whether there is another path.
    pub fn next_path(&mut self) -> bool {
        self.depth = 0;
        while let Some((_, left)) = self.path.pop() {
            if left != 0 {
                let next = left.trailing_zeros() as usize;
                self.path.push((next, left & !(1 << next)));
                return true;
            }
        }
        false
    }
}

impl Sched for Plain {
    fn start(&mut self, m: &Machine, cpu: usize) -> usize {
        self.spent = 0;
        self.choose(m, cpu, m.runnable())
    }

    fn pick(&mut self, m: &Machine, why: Why, cur: usize, runnable: u32) -> usize {
        let goes_on = why == Why::Point && !m.would_block(cur);
        let stays = goes_on && self.limit == Some(self.spent);
        let next = self.choose(m, cur, if stays { 1 << cur } else { runnable });
        self.spent += u32::from(goes_on && next != cur);
        next
    }
}
