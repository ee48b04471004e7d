//! Which strategy the next schedule of a program comes from: divided by what each found lately for programs of its
//! kind.

use crate::prog::Program;
use crate::sched::{Asked, Mix, Rng};

/// Numbers of CPUs, times classes of length.
const KINDS: usize = 4 * LENGTHS;
const LENGTHS: usize = 3;

/// What an execution may earn at most: one that found a lot is no better than a few that found something.
const MOST: u32 = 4;
/// An execution's part in the mean.
const LATELY: u32 = 8;
/// The share of an arm that finds nothing, against that of the best.
const FLOOR: u32 = 8;
/// A mean no arm falls below: where little is found, all are alike.
const LITTLE: u32 = 1 << 10;

/// What an arm earned lately, and its points, each as a mean of 16 fractional bits.
#[derive(Clone, Copy)]
struct Lately {
    earned: u32,
    cost: u32,
}

/// See the module's description. Arm 0 are scattered preemptions, arm n + 1 is the n-th of the mix.
pub struct Portfolio {
    pub mix: Asked<Mix>,
    lately: Vec<[Lately; KINDS]>,
    weights: Vec<u32>,
}

impl Portfolio {
    pub fn new(mix: Mix) -> Portfolio {
        let arms = mix.len() + 1;
        let begin = Lately { earned: MOST << 16, cost: 100 << 16 };
        Portfolio { mix: Asked::new(mix), lately: vec![[begin; KINDS]; arms], weights: vec![0; arms] }
    }

    /// The kind of a program whose first execution passed so many points.
    pub fn kind(program: &Program, points: u32) -> usize {
        let length = match points {
            0..64 => 0,
            64..160 => 1,
            _ => 2,
        };
        (program.nr_cpus().clamp(1, 4) - 1) * LENGTHS + length
    }

    /// The arm of the next execution, if preemptions `can` be scattered.
    pub fn choose(&mut self, kind: usize, can: bool, rng: &mut Rng) -> usize {
        for (weight, lately) in self.weights.iter_mut().zip(&self.lately) {
            let Lately { earned, cost } = lately[kind];
            *weight = earned.max(LITTLE) / (cost >> 16).max(1) + 1;
        }
        let floor = self.weights.iter().max().map_or(1, |best| best / FLOOR);
        self.weights.iter_mut().for_each(|weight| *weight += floor);
        if !can {
            self.weights[0] = 0;
        }
        drawn(&self.weights, rng)
    }

    /// An execution under `arm` showed so much that is new, and passed so many points.
    pub fn paid(&mut self, kind: usize, arm: usize, new: u32, points: u32) {
        let lately = &mut self.lately[arm][kind];
        lately.earned = lately.earned - (lately.earned >> LATELY) + (new.min(MOST) << (16 - LATELY));
        lately.cost = lately.cost - (lately.cost >> LATELY) + (points.min(1 << 12) << (16 - LATELY));
    }
}

/// An index, by weight; the first if none weighs anything.
fn drawn(weights: &[u32], rng: &mut Rng) -> usize {
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
