//! A random walk: at every point, with a given probability, any runnable task.

use super::Rng;
use crate::machine::{Machine, Sched, Why};

/// Preempts with probability `rate`/65536 at each point, choosing uniformly; blocked and ended tasks always choose so.
pub struct RandomWalk {
    rng: Rng,
    rate: u16,
}

impl RandomWalk {
    pub fn new(seed: u64, rate: u16) -> RandomWalk {
        RandomWalk { rng: Rng::new(seed), rate }
    }
}

/// The `n`-th set bit of `set`, from 0.
fn nth_bit(mut set: u32, n: u32) -> usize {
    for _ in 0..n {
        set &= set - 1;
    }
    set.trailing_zeros() as usize
}

impl Sched for RandomWalk {
    #[inline]
    fn pick(&mut self, _: &Machine, why: Why, cur: usize, runnable: u32) -> usize {
        let r = self.rng.bits();
        if why == Why::Point && (r >> 48) as u16 >= self.rate {
            return cur;
        }
        nth_bit(runnable, ((r as u32 as u64 * runnable.count_ones() as u64) >> 32) as u32)
    }
}
