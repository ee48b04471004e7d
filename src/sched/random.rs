//! A random walk: at every point, with a given probability, any runnable task.

use crate::machine::{Machine, Sched, Why};

/// Preempts with probability `rate`/65536 at each point, choosing uniformly; blocked and ended tasks always choose so.
pub struct RandomWalk {
    state: u64,
    rate: u16,
}

impl RandomWalk {
    pub fn new(seed: u64, rate: u16) -> RandomWalk {
        RandomWalk { state: seed | 1, rate }
    }

    /// xorshift64*: fast, and the same everywhere.
    #[inline]
    fn next(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_F491_4F6C_DD1D)
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
        let r = self.next();
        if why == Why::Point && (r >> 48) as u16 >= self.rate {
            return cur;
        }
        nth_bit(runnable, ((r as u32 as u64 * runnable.count_ones() as u64) >> 32) as u32)
    }
}
