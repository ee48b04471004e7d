//! A random walk: at every point, with a given probability, any runnable task.

use super::asked::any_task;
use super::world::{Ask, Strategy, World};
use super::{Profile, Rng, nth_task};
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

impl Sched for RandomWalk {
    #[inline]
    fn pick(&mut self, _: &Machine, why: Why, cur: usize, runnable: u32) -> usize {
        let r = self.rng.bits();
        if why == Why::Point && (r >> 48) as u16 >= self.rate {
            return cur;
        }
        nth_task(runnable.into(), ((r as u32 as u64 * runnable.count_ones() as u64) >> 32) as u32)
    }
}

impl Strategy for RandomWalk {
    fn begin(&mut self, seed: u64, _: &Profile) {
        self.rng = Rng::new(seed);
    }

    #[inline]
    fn pick<W: World>(&mut self, _: &W, ask: &Ask) -> usize {
        let stays = ask.why == Why::Point && ask.enabled >> ask.cur & 1 != 0;
        if stays && self.rate != u16::MAX && (self.rng.bits() >> 48) as u16 >= self.rate {
            return ask.cur;
        }
        any_task(&mut self.rng, ask.enabled)
    }
}
