//! `mm/fremap.c`: `remap_file_pages()` and nonlinear VMAs, up to v3.19.

use super::memory::vm_ops_write_back;
use super::mlock::pages::{mm_populate, munlock_vma_pages_range, peek_vm_flags};
use super::mmap::vma_nonlinear_insert;
use super::page_writeback::folio_mark_dirty;
use super::rmap::pages::page_remove_rmap;
use super::swap::folio_put;
use crate::kfn;
use crate::linux::fault::*;
use crate::linux::mm_types::{Folio, Mm, Vma};
use crate::linux::pgtable::*;
use crate::vocab::*;

/// `zap_pte()`, v3.13: what the entry was before it names another page. Page-table lock held. The VMA is shared, so
/// that it has no swap entries. Left out: statistics.
fn zap_pte(vma: Vma, addr: usize, pte: Pte) {
    kfn!(zap_pte);
    let mm = vma.mm();
    let Some(pfn) = pte.page() else {
        return set_pte_at(mm, addr, Pte::NONE, PteWrite::Unmap);
    };
    let page = Folio(pfn as u8);
    let pte = ptep_get_and_clear(mm, addr);
    if pte.is_dirty() {
        folio_mark_dirty(page);
    }
    page_remove_rmap(page, vma, addr);
    folio_put(page, Owner::Pte);
}

/// `install_file_pte()` with `generic_file_remap_pages()`, v3.13: file page `pgoff` belongs at `addr` from here on.
/// mmap_sem held.
fn install_file_pte(vma: Vma, addr: usize, pgoff: usize) {
    kfn!(install_file_pte);
    let mm = vma.mm();
    pte_offset_map_lock(mm);
    let pte = ptep_get(mm, addr);
    if !pte.is_none() {
        zap_pte(vma, addr, pte);
    }
    set_pte_at(mm, addr, Pte::file(pgoff), PteWrite::Unmap);
    pte_unmap_unlock(mm);
}

/// `remap_file_pages()` of one page, v3.13, with MAP_NONBLOCK: file page `pgoff` is what the shared VMA at `addr` has
/// there. The caller holds `mm_users`. The first time the VMA becomes nonlinear, which takes the mmap_sem for writing.
/// False: there is no such VMA, or its file accounts for dirty pages (which gets a linear VMA of its own in Linux).
pub fn remap_file_pages(mm: Mm, addr: usize, pgoff: usize) -> bool {
    kfn!(remap_file_pages);
    mmap_read_lock(mm);
    match remap_locked(mm, addr, pgoff, false) {
        Remap::NeedWriteLock => mmap_read_unlock(mm),
        done => {
            mmap_read_unlock(mm);
            return finish(mm, addr, done);
        }
    }
    mmap_write_lock(mm);
    let done = remap_locked(mm, addr, pgoff, true);
    mmap_write_unlock(mm);
    finish(mm, addr, done)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Remap {
    Failed,
    Done { locked: bool },
    NeedWriteLock,
}

/// The body of [`remap_file_pages`], mmap_sem held. A VM_LOCKED VMA loses its flag for the moment in which what was at
/// the place is munlocked.
fn remap_locked(mm: Mm, addr: usize, pgoff: usize, has_write_lock: bool) -> Remap {
    let Some(vma) = mm.vma_lookup(addr) else { return Remap::Failed };
    let flags = peek_vm_flags(vma);
    if flags & VM_SHARED == 0 || vma.place().file.is_none() || vm_ops_write_back(vma) {
        return Remap::Failed;
    }
    let locked = flags & VM_LOCKED != 0;
    let nonlinear = flags & VM_NONLINEAR != 0;
    if !nonlinear && pgoff == vma.linear_page_index(addr) {
        return Remap::Done { locked: false };
    }
    if (!nonlinear || locked) && !has_write_lock {
        return Remap::NeedWriteLock;
    }
    if !nonlinear {
        vma_nonlinear_insert(vma);
    }
    if locked {
        munlock_vma_pages_range(vma, addr, addr + 1);
        vma.set_vm_flags(peek_vm_flags(vma) | VM_LOCKED);
    }
    install_file_pte(vma, addr, pgoff);
    Remap::Done { locked }
}

/// A VM_LOCKED VMA gets its page at once.
fn finish(mm: Mm, addr: usize, done: Remap) -> bool {
    if done == (Remap::Done { locked: true }) {
        mm_populate(mm, addr, addr + 1);
    }
    matches!(done, Remap::Done { .. })
}
