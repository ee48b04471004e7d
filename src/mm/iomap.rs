//! `fs/iomap/buffered-io.c`: per-folio block state.

use crate::linux::mm_types::*;


pub fn ifs_alloc(folio: Folio) {
    todo!()
}

pub fn iomap_release_folio(folio: Folio) -> bool {
    todo!()
}

pub fn iomap_invalidate_folio(folio: Folio) {
    todo!()
}

pub fn iomap_dirty_folio(mapping: AddressSpace, folio: Folio) -> bool {
    todo!()
}

pub fn iomap_writepage_map(mapping: AddressSpace, folio: Folio) {
    todo!()
}

pub fn iomap_read_folio(mapping: AddressSpace, folio: Folio) {
    todo!()
}
