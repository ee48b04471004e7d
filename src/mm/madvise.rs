//! `mm/madvise.c`.

use crate::linux::mm_types::*;


pub fn madvise_cold(mm: Mm, addr: usize) {
    todo!()
}

pub fn madvise_pageout(mm: Mm, addr: usize) {
    todo!()
}

pub fn madvise_free(mm: Mm, addr: usize) {
    todo!()
}

pub fn madvise_dontneed(mm: Mm, addr: usize) {
    todo!()
}

pub fn madvise_populate(mm: Mm, addr: usize, write: bool) {
    todo!()
}
