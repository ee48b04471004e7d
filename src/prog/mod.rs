//! A program (initial state, operations of each CPU, schedule) and what is done to it.
//!
//! Programs come from bytes (`decode`: anything decodes) or from text (`parse`: anything wrong is one clear line). Both
//! end in the same invariants, which `fixup` states once: [`Program::validate`] checks them, [`Program::fix_up`] makes
//! them hold.

mod claim;
pub mod condition;
mod decode;
mod fixup;
pub mod listing;
mod minimize;
mod named;
mod objects;
mod parse;
pub mod preset;
pub mod sites;
mod text;
mod types;

#[cfg(test)]
mod tests;

pub use crate::ops::{FolioInit, FolioPlace, Init, MappingInit, SwapInit, VmaInit, VmaKind};
pub use claim::{
    Claim, ClaimFailure, ClaimLine, ClaimOutcome, ClaimVerdict, MAX_CLAIM_LINES, Place, Spot, SpotKind, Who,
};
pub use condition::{Condition, Expr, Quantifier};
pub use decode::{DECODE_VERSION, HEADER, Input, RECORD, decode, encode_schedule};
pub use minimize::{Minimized, minimize};
pub use named::schedule_of;
pub use parse::ParseError;
pub use text::{MAGIC, is_text, op_text, record_text, task_name};
pub use types::{EPILOGUE_OP, Expect, File, Op, Program};
