//! `mm/mlock.c`: mlock and munlock.

use crate::linux::mm_types::*;


pub fn mlock_folio(folio: Folio) {
    todo!()
}

pub fn mlock_new_folio(folio: Folio) {
    todo!()
}

pub fn munlock_folio(folio: Folio) {
    todo!()
}

pub fn mlock_vma_folio(folio: Folio, vma: Vma) {
    todo!()
}

pub fn munlock_vma_folio(folio: Folio, vma: Vma) {
    todo!()
}

pub fn mlock_drain_local() {
    todo!()
}

pub fn need_mlock_drain(cpu: usize) -> bool {
    todo!()
}

pub fn do_mlock(mm: Mm, addr: usize) {
    todo!()
}

pub fn do_munlock(mm: Mm, addr: usize) {
    todo!()
}
