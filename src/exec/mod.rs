//! Runs a program under a strategy with checks; the result is a value.

mod engine;
mod feedback;
mod runner;

pub use engine::bench;
pub use feedback::{COUNTERS, Feedback};
pub use runner::{Limit, Outcome, Recorded, Run, Runner, STEP_BUDGET};
