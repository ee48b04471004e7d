//! Several strategies in turns: each execution is under one of them, any or one that was chosen. They share what is
//! known of the program.

use super::world::{Ask, Needs, Strategy, World};
use super::{Any, Profile, Rng};

/// See the module's description.
pub struct Mix {
    arms: Vec<Any>,
    chosen: Option<usize>,
    now: usize,
}

impl Mix {
    /// Of at least one strategy.
    pub fn new(arms: Vec<Any>) -> Mix {
        Mix { arms, chosen: None, now: 0 }
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
        self.chosen = Some(n);
    }
}

impl Strategy for Mix {
    fn begin(&mut self, seed: u64, profile: &Profile) {
        let mut rng = Rng::new(seed);
        let any = rng.below(self.arms.len() as u32) as usize;
        self.now = self.chosen.unwrap_or(any);
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
