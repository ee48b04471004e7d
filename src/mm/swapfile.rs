//! `mm/swapfile.c`: the swap device's slots.

use crate::linux::mm_types::*;


/// Why `swapcache_prepare()` fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PrepareError {
    /// -EEXIST: somebody else is adding the slot to the swap cache, or has.
    Exist,
    /// -ENOENT: the slot is unused.
    NoEnt,
}

pub fn folio_alloc_swap() -> Option<usize> {
    todo!()
}

pub fn swap_duplicate(slot: usize) -> bool {
    todo!()
}

pub fn swap_free(slot: usize) {
    todo!()
}

pub fn free_swap_and_cache(slot: usize) {
    todo!()
}

pub fn swapcache_prepare(slot: usize) -> Result<(), PrepareError> {
    todo!()
}

pub fn swapcache_clear(slot: usize) {
    todo!()
}

pub fn put_swap_folio(slot: usize) {
    todo!()
}

pub fn folio_free_swap(folio: Folio) -> bool {
    todo!()
}

pub fn get_swap_device() -> bool {
    todo!()
}

pub fn put_swap_device() {
    todo!()
}

pub fn __swap_count(slot: usize) -> u64 {
    todo!()
}

pub fn vm_swap_full() -> bool {
    todo!()
}

pub fn swapoff() {
    todo!()
}
