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
mod pte;
mod seq;

pub use kernel::{BugId, BugSet, Kernel, Model};
pub use name::{Name, Site};
pub use note::{Event, Kind, Note, Order, Outcome, Pending, PteWrite, SWAP_USAGE, Topics, VmBug};
pub use object::{Class, Field, Obj, Place};
pub use owner::{Owner, Via, anon_mapping, as_anon_mapping, as_file_mapping, file_mapping};
pub use page_flags::{PageFlags, self_flags::*};
pub use pte::{MigrationKind, Pte};
pub use seq::Seq;

/// Simulated CPUs a program may use.
pub const CPUS: usize = 4;
/// Operations per CPU.
pub const OPS_PER_CPU: usize = 8;
/// Page frames of the machine; every folio is order-0. Freed frames are reused last-in first-out.
pub const FOLIOS: usize = 8;
/// Files (inodes with their embedded `address_space`).
pub const MAPPINGS: usize = 3;
/// Every `address_space`: the files', and the swap cache's.
pub const SPACES: usize = MAPPINGS + 1;
/// The swap cache's `address_space`.
pub const SWAP_SPACE: usize = MAPPINGS;
/// Page-cache indices of one mapping, and slots of the swap device.
pub const SLOTS: usize = 4;
/// Address spaces of processes.
pub const MMS: usize = 2;
/// Virtual pages of one process; they share one page table.
pub const VADDRS: usize = 4;
/// VMAs one process can have.
pub const VMAS_PER_MM: usize = 3;
/// VMAs of all processes; the first [`VMAS_PER_MM`] belong to process 0.
pub const VMAS: usize = MMS * VMAS_PER_MM;
/// `anon_vma` objects.
pub const ANON_VMAS: usize = 6;
/// Tasks: one for each CPU's program, then the service tasks.
pub const TASKS: usize = 11;
/// The task that runs RCU callbacks.
pub const RCU_TASK: usize = 4;
/// The task that completes I/O: the device and its interrupt.
pub const IO_TASK: usize = 5;
/// The task of kswapd.
pub const KSWAPD_TASK: usize = 6;
/// The first of [`CPUS`] tasks that run work items, each on the CPU of its number.
pub const KWORKER_TASK: usize = 7;
/// CPUs with per-CPU state: the programs', and two that only service tasks run on, so that an interrupt or kswapd never
/// shares a CPU with a program.
pub const PROCESSORS: usize = CPUS + 2;
/// The CPU RCU callbacks and I/O completions run on.
pub const IO_CPU: usize = CPUS;
/// The CPU kswapd runs on.
pub const KSWAPD_CPU: usize = CPUS + 1;
/// Hashed wait-queue heads. Linux has 256; two make unrelated folios share a queue, as its comments warn they may.
pub const WAIT_QUEUES: usize = 2;
/// Entries of a per-CPU folio batch. Linux has 31; a small batch makes "full, so drain now" reachable.
pub const PAGEVEC_SIZE: usize = 4;
/// Per-CPU folio batches: six of the LRU, mlock's, and the tags of mlock's entries.
pub const BATCHES: usize = 8;
/// LRU lists of the one lruvec: inactive/active x anon/file, and the unevictable counter.
pub const LRU_LISTS: usize = 5;

/// The CPU a task starts on.
pub const fn cpu_of_task(task: usize) -> usize {
    match task {
        RCU_TASK | IO_TASK => IO_CPU,
        KSWAPD_TASK => KSWAPD_CPU,
        _ if task >= KWORKER_TASK => task - KWORKER_TASK,
        _ => task,
    }
}
