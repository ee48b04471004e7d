//! `mm/gup.c`: pinning user pages.

use crate::linux::mm_types::*;


pub fn get_user_pages_fast(mm: Mm, addr: usize, write: bool) -> Option<Folio> {
    todo!()
}

pub fn pin_user_pages_fast(mm: Mm, addr: usize, write: bool) -> Option<Folio> {
    todo!()
}

pub fn pin_user_pages(mm: Mm, addr: usize, write: bool, longterm: bool) -> Option<Folio> {
    todo!()
}

pub fn unpin_user_page(folio: Folio) {
    todo!()
}

pub fn unpin_user_pages_dirty_lock(folio: Folio, make_dirty: bool) {
    todo!()
}
