//! Who runs next: one file per strategy behind [`crate::machine::Sched`].

mod asked;
mod dfs;
mod exhaust;
mod mix;
mod pct;
mod pos;
mod preempt;
mod profile;
mod race;
mod random;
mod reads_from;
mod rng;
mod scatter;
mod surw;
mod table;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod toy;
mod urw;
mod world;

pub use asked::Asked;
pub use dfs::Dfs;

pub use exhaust::{Bounded, Causality, Dpor, Exhaust, Gate, Observed, Persistent, Reduction};
pub use mix::Mix;
pub use pct::Pct;
pub use pos::Pos;
pub use preempt::{Anchor, MAX_RECORDS, Preempt, Preemptions, Schedule};
pub use profile::{Access, Cell, Profile};
pub use race::Race;
pub use random::RandomWalk;
pub use reads_from::ReadsFrom;
pub use rng::Rng;
pub use scatter::{MAX_SCATTERED, Passage, Passing, Scatter};
pub use surw::{Subject, Surw};
pub use table::{Any, Chosen, Param, SCHEDS, Spec, Values, parse};
pub use urw::Urw;
pub use world::{Act, Ask, MAX_TASKS, Needs, Next, Strategy, World, nth_task, tasks};
