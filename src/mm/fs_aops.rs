//! `address_space_operations`: which file system function a callback is.

use crate::linux::mm_types::*;


/// What `writepage` did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Writepage {
    /// 0: writeback started (or was not needed), the folio is unlocked.
    Done,
    /// AOP_WRITEPAGE_ACTIVATE: the folio is still locked.
    Activate,
}

/// What `page_mkwrite` did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mkwrite {
    /// VM_FAULT_LOCKED: the folio is locked and dirty.
    Locked,
    /// VM_FAULT_NOPAGE: it left the file.
    NoPage,
}

pub fn dirty_folio(mapping: AddressSpace, folio: Folio) -> bool {
    todo!()
}

pub fn read_folio(mapping: AddressSpace, folio: Folio) {
    todo!()
}

pub fn release_folio(mapping: AddressSpace, folio: Folio) -> bool {
    todo!()
}

pub fn invalidate_folio(mapping: AddressSpace, folio: Folio) {
    todo!()
}

pub fn writepage(mapping: AddressSpace, folio: Folio) -> Writepage {
    todo!()
}

pub fn page_mkwrite(vma: Vma, mapping: AddressSpace, folio: Folio) -> Mkwrite {
    todo!()
}
