//! The long-running hunt: inner loop, mutator, embedded libFuzzer, shrinking with a bug identity, the findings store.
//!
//! Nothing here prints. What ends the process from inside libFuzzer's callback is [`hunt`] alone, because nothing else
//! can.

mod aim;
mod analysis;
mod attribute;
mod bucket;
mod certify;
mod claim;
mod condense;
mod config;
pub mod corpus;
pub mod counters;
mod distinct;
mod finals;
#[cfg(feature = "hunt")]
pub mod hunt;
mod lock;
mod mutate;
mod portfolio;
mod prove;
pub mod reach;
mod search;
pub mod selftest;
mod setup;
mod shrink;
pub mod state;
mod store;
pub mod target;
#[cfg(test)]
mod tests;

pub use analysis::Analysis;
pub use attribute::{attribute, bug_slugs};
pub use bucket::{Bucketed, bucket};
pub use certify::{CERTIFY_BUDGET, Certificate, certify};
pub use claim::{Judge, Judgement, Nearest, Shown, Way};
pub use condense::condense;
pub use config::{ModelChoice, OpFilter, find_ops};
pub use distinct::Distinct;
pub use finals::{FinalState, Finals, word_of};
pub use mutate::{DefaultMutation, MAX_BYTES, fresh_program, mutate, remember};
pub use prove::{Explored, Limits, Position, Progress, Prover, Verdict, explore};
pub use search::{ROUNDS, Searcher, input_hash, shape_hash, uses_rcu};
pub use setup::Setup;
pub use shrink::{SHRINK_BUDGET, shrink};
pub use store::write_atomic;
pub use store::{
    Claim, Saved, Unfinished, all_unfinished, check_folders, claim as claim_finding, folder_name, folders, save,
    strings, sweep,
};
