//! `mm/page_io.c`: reading and writing the swap device.

use super::bug;
use super::filemap::{folio_end_writeback, folio_unlock};
use super::page_writeback::folio_start_writeback;
use super::swapfile::folio_free_swap;
use crate::bugs;
use crate::kfn;
use crate::linux::highmem::{device_read, device_write};
use crate::linux::mm_types::{AddressSpace, Folio};
use crate::linux::mmdebug::{peek_flags, vm_bug_on_folio};
use crate::linux::page_flags::folio_mark_uptodate;
use crate::linux::pagemap::folio_swap;
use crate::linux::service::submit_io;
use crate::linux::swap_info::synchronous_io;
use crate::machine::m;
use crate::vocab::*;

/// What a bio carries: the folio, and the block of the device.
fn bio(folio: Folio, slot: usize) -> u32 {
    folio.0 as u32 | (slot as u32) << 8
}

/// The folio and the slot of a bio.
fn bio_parts(bio: u32) -> (Folio, usize) {
    (Folio(bio as u8), (bio >> 8) as usize)
}

/// `bio_add_folio()` and `submit_bio()`: the lock or PG_writeback is the completion's from here on.
fn submit_bio(folio: Folio, slot: usize, end_io: fn(u32)) {
    m().note(Note::IoSubmit, folio.obj(Field::Flags), 0);
    submit_io(end_io, bio(folio, slot));
}

/// `end_swap_bio_write()`, v6.12: interrupt context, no reference. Left out: write errors (nothing is dirtied again).
fn end_swap_bio_write(bio: u32) {
    kfn!(end_swap_bio_write);
    let (folio, slot) = bio_parts(bio);
    if bug(bugs::M_WRITE_LATE) {
        folio_end_writeback(folio);
        return device_write(folio, AddressSpace::SWAP, slot);
    }
    device_write(folio, AddressSpace::SWAP, slot);
    if !bug(bugs::M_WRITE_ENDLESS) {
        folio_end_writeback(folio);
    }
}

/// `__swap_writepage()` with `swap_writepage_bdev_async()`, v6.12. Folio locked and in the swap cache; unlocked and
/// under writeback afterwards. Left out: swap files, synchronous devices.
fn __swap_writepage(folio: Folio) {
    kfn!(__swap_writepage);
    vm_bug_on_folio(peek_flags(folio) & PG_SWAPCACHE == 0, folio, VmBug::SwapCache);
    let slot = folio_swap(folio).unwrap_or(0);
    if bug(bugs::M_WRITE_UNLOCKED) {
        folio_unlock(folio);
        folio_start_writeback(folio);
        return submit_bio(folio, slot, end_swap_bio_write);
    }
    folio_start_writeback(folio);
    folio_unlock(folio);
    submit_bio(folio, slot, end_swap_bio_write);
}

/// `swap_writepage()`, v6.12. Folio locked, clean and in the swap cache; the caller holds a reference. True (0 in the
/// kernel): the folio is unlocked, under writeback if it was still needed. Left out: zero-filled folios, zswap.
pub fn swap_writepage(folio: Folio) -> bool {
    kfn!(swap_writepage);
    if folio_free_swap(folio) {
        folio_unlock(folio);
        return true;
    }
    __swap_writepage(folio);
    true
}

/// `end_swap_bio_read()`, v6.12: interrupt context, no reference. Fills the folio and unlocks it. Left out: read
/// errors.
fn end_swap_bio_read(bio: u32) {
    kfn!(end_swap_bio_read);
    let (folio, slot) = bio_parts(bio);
    device_read(folio, AddressSpace::SWAP, slot);
    folio_mark_uptodate(folio);
    folio_unlock(folio);
}

/// `swap_read_folio()`, v6.12. Folio locked, not uptodate, its `swap` set; the read unlocks it. On a synchronous device
/// it is over on return, and the folio need not be in the swap cache. Left out: the zero map, zswap, swap files.
pub fn swap_read_folio(folio: Folio) {
    kfn!(swap_read_folio);
    let slot = folio_swap(folio).unwrap_or(0);
    let synchronous = synchronous_io(slot);
    vm_bug_on_folio(!synchronous && peek_flags(folio) & PG_SWAPCACHE == 0, folio, VmBug::SwapCache);
    vm_bug_on_folio(peek_flags(folio) & PG_LOCKED == 0, folio, VmBug::NotLocked);
    vm_bug_on_folio(peek_flags(folio) & PG_UPTODATE != 0, folio, VmBug::Uptodate);
    if synchronous {
        end_swap_bio_read(bio(folio, slot));
    } else {
        submit_bio(folio, slot, end_swap_bio_read);
    }
}
