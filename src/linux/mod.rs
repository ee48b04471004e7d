//! `include/linux/*.h`: types and primitives. Everything the modelled `mm` does to shared memory goes through here.
//!
//! Primitives are total: they never panic, also on a kernel gone wrong; the checks see what happened.

pub mod buffer_head;
pub mod fault;
pub mod fs;
pub mod highmem;
pub mod mm_inline;
pub mod mm_types;
pub mod mmdebug;
pub mod page_flags;
pub mod page_ref;
pub mod pagemap;
pub mod pagevec;
pub mod percpu;
pub mod pgtable;
pub mod rcupdate;
pub mod rwsem;
pub mod sched;
pub mod service;
pub mod shmem_fs;
pub mod signal;
pub mod spinlock;
pub mod swap_info;
pub mod vmstat;
pub mod wait;
pub mod xarray;

/// Forgets the last execution's state that is not in the machine's memory.
pub fn reset() {
    fs::reset();
    rcupdate::reset();
    percpu::reset();
    service::reset();
    highmem::reset();
}
