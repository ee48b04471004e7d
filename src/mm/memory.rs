//! `mm/memory.c`: page faults, copy-on-write, zap, fork's copy of page tables.

use crate::linux::mm_types::*;
use crate::linux::fault::*;
use crate::linux::pagevec::FolioBatch;


/// `struct zap_details`.
#[derive(Clone, Copy, Default)]
pub struct ZapDetails {
    /// Only this folio.
    pub single_folio: Option<Folio>,
    /// Also private copies and swap entries.
    pub even_cows: bool,
}

pub fn do_user_addr_fault(mm: Mm, addr: usize, write: bool) -> VmFault {
    todo!()
}

pub fn user_access(mm: Mm, addr: usize, write: bool) -> bool {
    todo!()
}

pub fn handle_mm_fault(vma: Vma, addr: usize, write: bool, unshare: bool, allow_retry: bool) -> VmFault {
    todo!()
}

pub fn finish_fault(vmf: &mut VmFaultInfo) -> VmFault {
    todo!()
}

pub fn set_pte_range(vmf: &VmFaultInfo, folio: Folio, addr: usize) {
    todo!()
}

pub fn unmap_mapping_folio(folio: Folio) {
    todo!()
}

pub fn unmap_mapping_pages(mapping: AddressSpace, start: usize, nr: usize, even_cows: bool) {
    todo!()
}

pub fn zap_page_range_single(vma: Vma, start: usize, end: usize, details: ZapDetails) {
    todo!()
}

pub fn unmap_vmas(mm: Mm, start: usize, end: usize) {
    todo!()
}

pub fn copy_page_range(dst: Vma, src: Vma) -> bool {
    todo!()
}
