//! `mm/*.c`: the modelled algorithms, under the kernel's file and function names and in the kernel's order.
//!
//! Functions of older kernels stand beside the current ones and name their versions. A historic bug is one guarded line
//! at the place where the fix was made. Order-0 folios only.

pub mod compaction;
pub mod filemap;
pub mod fremap;
pub mod fs_aops;
pub mod fs_buffer;
pub mod fs_inode;
pub mod gup;
pub mod iomap;
pub mod madvise;
pub mod memory;
pub mod memory_failure;
pub mod migrate;
pub mod migrate_device;
pub mod mincore;
pub mod mlock;
pub mod mmap;
pub mod page_alloc;
pub mod page_io;
pub mod page_writeback;
pub mod readahead;
pub mod rmap;
pub mod shmem;
pub mod swap;
pub mod swap_state;
pub mod swapfile;
pub mod truncate;
pub mod userfaultfd;
pub mod vmscan;

use crate::machine::m;
use crate::vocab::{BugId, Kernel};

/// Whether a historic bug is in the kernel being run.
#[inline]
fn bug(id: BugId) -> bool {
    m().bug(id)
}

#[inline]
fn kernel() -> Kernel {
    m().model().kernel
}
