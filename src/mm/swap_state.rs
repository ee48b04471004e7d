//! `mm/swap_state.c`: the swap cache.

use crate::linux::mm_types::*;
use crate::linux::pagevec::FolioBatch;


pub fn add_to_swap_cache(folio: Folio, slot: usize) -> bool {
    todo!()
}

pub fn __delete_from_swap_cache(folio: Folio, slot: usize) {
    todo!()
}

pub fn add_to_swap(folio: Folio) -> bool {
    todo!()
}

pub fn delete_from_swap_cache(folio: Folio) {
    todo!()
}

pub fn free_swap_cache(folio: Folio) {
    todo!()
}

pub fn free_folio_and_swap_cache(folio: Folio, owner: crate::vocab::Owner) {
    todo!()
}

pub fn free_pages_and_swap_cache(folios: &FolioBatch) {
    todo!()
}

pub fn swap_cache_get_folio(slot: usize, owner: crate::vocab::Owner) -> Option<Folio> {
    todo!()
}

pub fn read_swap_cache_async(slot: usize) -> Option<Folio> {
    todo!()
}

pub fn swapin_readahead(slot: usize) -> Option<Folio> {
    todo!()
}
