//! `mm/rmap.c`, `mm/page_vma_mapped.c`: reverse mapping.

use crate::linux::mm_types::*;
use crate::vocab::*;


/// PVMW_SYNC: the page-table lock is always taken.
pub const PVMW_SYNC: u8 = 1;
/// PVMW_MIGRATION: looks for migration entries.
pub const PVMW_MIGRATION: u8 = 2;

/// What `folio_referenced()` found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Referenced {
    /// References through page tables; `vm_locked`: a VM_LOCKED VMA maps it.
    Count { ptes: u32, vm_locked: bool },
    /// -1: rmap lock contention, or an exiting process.
    Contended,
}

pub fn anon_vma_prepare(vma: Vma) -> bool {
    todo!()
}

pub fn anon_vma_clone(dst: Vma, src: Vma) -> bool {
    todo!()
}

pub fn anon_vma_fork(dst: Vma, src: Vma) -> bool {
    todo!()
}

pub fn unlink_anon_vmas(vma: Vma) {
    todo!()
}

pub fn put_anon_vma(anon_vma: AnonVma) {
    todo!()
}

pub fn folio_get_anon_vma(folio: Folio) -> Option<AnonVma> {
    todo!()
}

pub fn page_vma_mapped_walk(pfn: usize, vma: Vma, addr: usize, flags: u8) -> Option<Pte> {
    todo!()
}

pub fn page_vma_mapped_walk_done(vma: Vma) {
    todo!()
}

pub fn rmap_walk(folio: Folio, try_lock: bool, rmap_one: &mut dyn FnMut(Folio, Vma, usize) -> bool, done: &dyn Fn(Folio) -> bool) -> bool {
    todo!()
}

pub fn rmap_walk_anon_direct(folio: Folio, rmap_one: &mut dyn FnMut(Folio, Vma, usize) -> bool) {
    todo!()
}

pub fn folio_add_file_rmap_pte(folio: Folio, vma: Vma, addr: usize) {
    todo!()
}

pub fn folio_add_anon_rmap_pte(folio: Folio, vma: Vma, addr: usize, exclusive: bool) {
    todo!()
}

pub fn folio_add_new_anon_rmap(folio: Folio, vma: Vma, addr: usize, exclusive: bool) {
    todo!()
}

pub fn folio_move_anon_rmap(folio: Folio, vma: Vma) {
    todo!()
}

pub fn folio_dup_file_rmap_pte(folio: Folio, dst: Vma, addr: usize) {
    todo!()
}

pub fn folio_try_dup_anon_rmap_pte(folio: Folio, dst: Vma, addr: usize, src_mm: Mm) -> bool {
    todo!()
}

pub fn folio_try_share_anon_rmap_pte(folio: Folio) -> bool {
    todo!()
}

pub fn folio_remove_rmap_pte(folio: Folio, vma: Vma, addr: usize) {
    todo!()
}

pub fn folio_referenced(folio: Folio, is_locked: bool) -> Referenced {
    todo!()
}

pub fn try_to_unmap(folio: Folio, ignore_mlock: bool) {
    todo!()
}

pub fn try_to_migrate(folio: Folio) {
    todo!()
}

pub fn folio_mkclean(folio: Folio) -> bool {
    todo!()
}
