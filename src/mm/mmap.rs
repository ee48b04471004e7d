//! `mm/mmap.c`, `mm/mremap.c`, `mm/mprotect.c`, `kernel/fork.c`: VMAs and processes.

use crate::linux::mm_types::*;


pub fn do_mmap(mm: Mm, start: usize, nr: usize, file: Option<AddressSpace>, flags: u64) -> bool {
    todo!()
}

pub fn do_munmap(mm: Mm, start: usize, nr: usize) -> bool {
    todo!()
}

pub fn do_mprotect(mm: Mm, addr: usize, write: bool) -> bool {
    todo!()
}

pub fn do_mremap(mm: Mm, from: usize, to: usize) -> bool {
    todo!()
}

pub fn dup_mmap(child: Mm, parent: Mm) -> bool {
    todo!()
}

pub fn mmput(mm: Mm) {
    todo!()
}
