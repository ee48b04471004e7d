//! `mm/mincore.c`, v6.12, of one page: whether an access would take I/O.

use super::filemap::filemap_get_entry;
use super::swap::folio_put;
use super::swap_state::filemap_get_incore_folio;
use crate::kfn;
use crate::linux::fault::{mmap_read_lock, mmap_read_unlock};
use crate::linux::mm_types::*;
use crate::linux::page_flags::folio_test_uptodate;
use crate::linux::pgtable::*;
use crate::machine::m;
use crate::vocab::*;

/// `do_mincore()`, v6.12. The caller holds an `mm_users` reference. A process all of whose entries are empty stands for
/// one without a page table there: the walk finds a hole, and takes no page-table lock. Left out: who may ask.
pub fn do_mincore(mm: Mm, addr: usize) -> bool {
    kfn!(do_mincore);
    mmap_read_lock(mm);
    let hole = (0..VADDRS).all(|a| Pte(m().peek(mm.pte(a))).is_none());
    let present = match mm.vma_lookup(addr) {
        Some(vma) if hole => __mincore_unmapped_range(vma, addr),
        Some(vma) => mincore_pte_range(vma, addr),
        None => false,
    };
    mmap_read_unlock(mm);
    present
}

/// `mincore_pte_range()`, v6.12, for one entry. mmap_lock held.
fn mincore_pte_range(vma: Vma, addr: usize) -> bool {
    kfn!(mincore_pte_range);
    pte_offset_map_lock(vma.mm());
    let pte = ptep_get(vma.mm(), addr);
    let present = match pte.swap_slot() {
        // The entry, which cannot go while the lock is held, keeps the device.
        Some(slot) => uptodate(filemap_get_entry(AddressSpace::SWAP, slot, Owner::Lookup)),
        None => !pte.is_none() || __mincore_unmapped_range(vma, addr),
    };
    pte_unmap_unlock(vma.mm());
    present
}

/// `__mincore_unmapped_range()` with `mincore_page()`, v6.12: whether the file has the page in memory. mmap_lock held.
fn __mincore_unmapped_range(vma: Vma, addr: usize) -> bool {
    kfn!(__mincore_unmapped_range);
    let Some(mapping) = vma.vm_file() else { return false };
    uptodate(filemap_get_incore_folio(mapping, vma.linear_page_index(addr)))
}

fn uptodate(folio: Option<Folio>) -> bool {
    let Some(folio) = folio else { return false };
    let present = folio_test_uptodate(folio);
    folio_put(folio, Owner::Lookup);
    present
}
