//! Who runs next: one file per strategy behind [`crate::machine::Sched`].

mod exhaust;
mod preempt;
mod random;
mod scatter;

pub use exhaust::{Bounded, Causality, Dpor, Exhaust, Observed, Reduction};
pub use preempt::{Anchor, MAX_RECORDS, Preempt, Preemptions, Schedule};
pub use random::RandomWalk;
pub use scatter::{MAX_SCATTERED, Rng, Scatter};
