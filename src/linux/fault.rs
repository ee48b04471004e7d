//! `mm.h`: a page fault in progress.

use super::fs;
use super::mm_types::{AddressSpace, Folio, Mm, Vma};
use super::rwsem::{RwSem, down_read, down_read_trylock, down_write, up_read, up_write};
use crate::vocab::{MAPPINGS, Pte};

/// `enum fault_flag`, as the caller of `handle_mm_fault()` has them; see [`VmFaultInfo`].
#[derive(Clone, Copy, Debug)]
pub struct FaultFlags {
    pub write: bool,
    pub unshare: bool,
    pub allow_retry: bool,
    pub killable: bool,
}

/// `struct vm_fault`.
#[derive(Clone, Copy, Debug)]
pub struct VmFaultInfo {
    pub vma: Vma,
    pub addr: usize,
    /// FAULT_FLAG_WRITE
    pub write: bool,
    /// FAULT_FLAG_UNSHARE
    pub unshare: bool,
    /// FAULT_FLAG_ALLOW_RETRY without FAULT_FLAG_TRIED: the first attempt; mmap_lock may be dropped.
    pub allow_retry: bool,
    /// FAULT_FLAG_KILLABLE: a fatal signal ends the wait for the folio lock, and mmap_lock is dropped.
    pub killable: bool,
    /// The entry the fault was taken on.
    pub orig_pte: Pte,
    /// The file's folio, once found: locked, with an [`Owner::Fault`](crate::vocab::Owner::Fault) reference.
    pub page: Option<Folio>,
    /// The private copy, with an `Alloc` reference.
    pub cow_page: Option<Folio>,
}

impl VmFaultInfo {
    pub const fn mm(&self) -> Mm {
        self.vma.mm()
    }

    /// `linear_page_index(vma, address)`, or what a file entry says (`do_nonlinear_fault()`).
    pub fn pgoff(&self) -> usize {
        if let Some(pgoff) = self.orig_pte.file_pgoff() {
            return pgoff;
        }
        self.vma.linear_page_index(self.addr)
    }
}

/// `vm_fault_t`, as far as callers tell them apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VmFault {
    /// 0: the entry is in place, or the access is to be tried again with mmap_lock still held.
    Done,
    /// VM_FAULT_LOCKED: `vmf.page` is locked and referenced.
    Locked,
    /// VM_FAULT_NOPAGE
    NoPage,
    /// VM_FAULT_RETRY: mmap_lock has been dropped.
    Retry,
    Sigbus,
    Oom,
}

/// `mmap_read_lock`.
pub fn mmap_read_lock(mm: Mm) {
    down_read(RwSem::mmap_lock(mm));
}

/// `mmap_read_unlock`. What the VMAs pinned may be gone from here on.
pub fn mmap_read_unlock(mm: Mm) {
    unpin_files();
    up_read(RwSem::mmap_lock(mm));
}

/// `down_read_trylock(&mm->mmap_sem)` of a walk over the reverse mapping, which has the VMA by its tree's lock.
pub fn mmap_read_trylock(mm: Mm) -> bool {
    down_read_trylock(RwSem::mmap_lock(mm))
}

/// `up_read(&mm->mmap_sem)` after [`mmap_read_trylock`]: what keeps the walk's file stays.
pub fn mmap_read_unlock_rmap(mm: Mm) {
    up_read(RwSem::mmap_lock(mm));
}

/// `mmap_write_lock`.
pub fn mmap_write_lock(mm: Mm) {
    down_write(RwSem::mmap_lock(mm));
}

/// `mmap_write_unlock`.
pub fn mmap_write_unlock(mm: Mm) {
    unpin_files();
    up_write(RwSem::mmap_lock(mm));
}

/// The inodes that VMAs pinned for the running task are so no longer. An operation reaches an inode through a file or
/// through a process, never both.
fn unpin_files() {
    (0..MAPPINGS).for_each(fs::inode_unpin);
}

/// `maybe_unlock_mmap_for_io`: a reference on the VMA's file instead of the mmap_lock, which is dropped. `fput` it
/// afterwards.
pub fn get_file_and_drop_mmap_lock(vma: Vma) -> Option<AddressSpace> {
    let file = vma.place().file?;
    fs::get_file(file);
    mmap_read_unlock(vma.mm());
    fs::inode_pin(file);
    Some(AddressSpace::pinned(file))
}
