//! `fs/buffer.c`: buffer heads. A folio has one.

use crate::linux::mm_types::*;


pub fn create_empty_buffers(folio: Folio) {
    todo!()
}

pub fn try_to_free_buffers(folio: Folio) -> bool {
    todo!()
}

pub fn block_dirty_folio(mapping: AddressSpace, folio: Folio) -> bool {
    todo!()
}

pub fn block_invalidate_folio(folio: Folio) {
    todo!()
}

pub fn mark_buffer_dirty(folio: Folio) {
    todo!()
}

pub fn block_write_full_folio(mapping: AddressSpace, folio: Folio) {
    todo!()
}

pub fn block_read_full_folio(mapping: AddressSpace, folio: Folio) {
    todo!()
}

pub fn trylock_buffer(folio: Folio) -> bool {
    todo!()
}

pub fn lock_buffer(folio: Folio) {
    todo!()
}

pub fn unlock_buffer(folio: Folio) {
    todo!()
}

pub fn invalidate_bh_lrus_cpu() {
    todo!()
}
