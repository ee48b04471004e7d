//! The words events are written in: objects and field names, reference owners, page flags, notes, kernels.
//!
//! Types and constants only. Every other room may import this one, and this one imports nothing of ours, so that the
//! checks can talk about folios without ever seeing the code that moves them.

mod kernel;
mod name;
mod note;
mod object;
mod owner;
mod page_flags;
mod seq;

pub use kernel::{BugId, Kernel, Model};
pub use name::{Name, Site};
pub use note::{Event, Kind, Note, Order, Outcome, Pending, Topics, VmBug};
pub use object::{Class, Field, Obj, Place};
pub use owner::{Owner, Via, as_file_mapping, file_mapping};
pub use page_flags::{PageFlags, self_flags::*};
pub use seq::Seq;

/// Simulated CPUs a program may use.
pub const CPUS: usize = 4;
/// Operations per CPU.
pub const OPS_PER_CPU: usize = 8;
/// Page frames of the machine; every folio is order-0. Freed frames are reused last-in first-out.
pub const FOLIOS: usize = 8;
/// Files (inodes with their embedded `address_space`).
pub const MAPPINGS: usize = 3;
/// Page-cache indices of one mapping.
pub const SLOTS: usize = 4;
/// Tasks: one for each CPU's program, the RCU callback task, and room for further service tasks.
pub const TASKS: usize = 8;
/// The task that runs RCU callbacks.
pub const RCU_TASK: usize = 4;
/// Hashed wait-queue heads. Linux has 256; two make unrelated folios share a queue, as its comments warn they may.
pub const WAIT_QUEUES: usize = 2;
/// Entries of a per-CPU folio batch. Linux has 31; a small batch makes "full, so drain now" reachable.
pub const PAGEVEC_SIZE: usize = 4;
/// LRU lists of the one lruvec: inactive/active x anon/file, and the unevictable counter.
pub const LRU_LISTS: usize = 5;
