//! Several strategies in turns: each execution is under one of them, drawn by weight. They share what is known of the
//! program.

use super::world::{Ask, Needs, Strategy, World};
use super::{Any, Profile, Rng};

/// What one weighs before anything is known of it.
const EVEN: u32 = 1;

/// See the module's description.
pub struct Mix {
    arms: Vec<Any>,
    weights: Vec<u32>,
    now: usize,
}

impl Mix {
    /// Of at least one strategy; all weigh the same.
    pub fn new(arms: Vec<Any>) -> Mix {
        let weights = vec![EVEN; arms.len()];
        Mix { arms, weights, now: 0 }
    }

    /// How many strategies there are.
    pub fn len(&self) -> usize {
        self.arms.len()
    }

    pub fn is_empty(&self) -> bool {
        self.arms.is_empty()
    }

    /// The executions from now on are under the `n`-th.
    pub fn choose(&mut self, n: usize) {
        self.weights.fill(0);
        if let Some(weight) = self.weights.get_mut(n) {
            *weight = EVEN;
        }
    }
}

impl Strategy for Mix {
    fn begin(&mut self, seed: u64, profile: &Profile) {
        let mut rng = Rng::new(seed);
        self.now = drawn(&self.weights, &mut rng);
        self.arms[self.now].begin(rng.bits(), profile);
    }

    #[inline]
    fn pick<W: World>(&mut self, world: &W, ask: &Ask) -> usize {
        self.arms[self.now].pick(world, ask)
    }

    fn end(&mut self, profile: &Profile, complete: bool) {
        self.arms[self.now].end(profile, complete);
    }

    fn load(&mut self) {
        self.arms.iter_mut().for_each(Strategy::load);
    }

    fn needs(&self) -> Needs {
        self.arms.iter().map(Strategy::needs).max().unwrap_or(Needs::Nothing)
    }
}

/// An index, by weight; the first if none weighs anything.
pub fn drawn(weights: &[u32], rng: &mut Rng) -> usize {
    let mut left = rng.below(weights.iter().sum());
    let chosen = weights.iter().position(|w| {
        let here = left < *w;
        left = left.saturating_sub(*w);
        here
    });
    chosen.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_shares() {
        let (mut rng, mut counts) = (Rng::new(3), [0; 3]);
        (0..10_000).for_each(|_| counts[drawn(&[1, 0, 3], &mut rng)] += 1);
        assert_eq!(counts[1], 0);
        assert!((2_300..2_700).contains(&counts[0]), "{counts:?}");
        assert_eq!(drawn(&[0, 0], &mut rng), 0);
    }
}
