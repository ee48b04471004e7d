//! `mm/page_io.c`: reading and writing the swap device.

use crate::linux::mm_types::*;


pub fn swap_writepage(folio: Folio) -> bool {
    todo!()
}

pub fn swap_read_folio(folio: Folio, synchronous: bool) {
    todo!()
}
