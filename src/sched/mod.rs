//! Who runs next: one file per strategy behind [`crate::machine::Sched`].

mod asked;
mod exhaust;
mod pos;
mod preempt;
mod profile;
mod random;
mod rng;
mod scatter;
mod world;

pub use asked::Asked;

pub use exhaust::{Bounded, Causality, Dpor, Exhaust, Observed, Reduction};
pub use pos::Pos;
pub use preempt::{Anchor, MAX_RECORDS, Preempt, Preemptions, Schedule};
pub use profile::{Access, Cell, Profile};
pub use random::RandomWalk;
pub use rng::Rng;
pub use scatter::{MAX_SCATTERED, Scatter};
pub use world::{Act, Ask, MAX_TASKS, Needs, Next, Strategy, World, nth_task, tasks};
