//! `mm/memory.c`: fork's copy of page tables (MM-6.12 11.6).

use super::zap::is_anon;
use super::{is_cow_mapping, maybe_mkwrite, mk_pte};
use crate::bugs;
use crate::kfn;
use crate::linux::highmem::{copy_content_then, page_id};
use crate::linux::mm_types::*;
use crate::linux::mmdebug::{peek_flags, vm_bug_on_folio};
use crate::linux::page_flags::__folio_mark_uptodate;
use crate::linux::page_ref::*;
use crate::linux::pagemap::folio_test_anon;
use crate::linux::pgtable::*;
use crate::machine::m;
use crate::mm::page_alloc::folio_alloc;
use crate::mm::rmap::{folio_add_new_anon_rmap, folio_dup_file_rmap_pte, folio_try_dup_anon_rmap_pte};
use crate::mm::swap::{folio_add_lru_vma, folio_put};
use crate::mm::swapfile::swap_duplicate;
use crate::mm::{bug, kernel};
use crate::vocab::*;

/// What became of one entry.
#[derive(PartialEq, Eq)]
enum Copied {
    Done,
    /// -EAGAIN: the page must be copied, and there is none preallocated.
    NeedPage,
    /// -EIO: the swap count cannot be raised.
    Failed,
}

/// The child's page at `addr` has the parent's contents: a fact for the checks.
pub(in crate::mm) fn note_anon_alias(src: (Mm, usize), dst: (Mm, usize)) {
    let id = |(mm, addr): (Mm, usize)| page_id(mm.index(), addr);
    m().note(Note::AnonAlias, dst.0.pte(dst.1), id(src) | id(dst) << 16);
}

/// `copy_page_range()`, v6.12. Both mmap_locks held for writing; `dst` is in its trees already. False: no memory; what
/// was copied stays. A VMA without anon_vma is not copied: its pages can be faulted in again. Left out: notifiers,
/// hugetlb, userfaultfd.
pub fn copy_page_range(dst: Vma, src: Vma) -> bool {
    kfn!(copy_page_range);
    // vma_needs_copy()
    if src.anon_vma().is_none() {
        return true;
    }
    // write_protect_seq came with v5.11.
    let is_cow = is_cow_mapping(src) && kernel().has_folios();
    if is_cow {
        // Fast GUP keeps off while pages become shared.
        write_protect_seq_begin(src.mm());
    }
    let copied = copy_pte_range(dst, src);
    if is_cow {
        write_protect_seq_end(src.mm());
    }
    copied
}

/// `copy_pte_range()`, v6.12. False: no memory. Left out: rescheduling, statistics, swap count continuations.
fn copy_pte_range(dst: Vma, src: Vma) -> bool {
    kfn!(copy_pte_range);
    let mut addr = src.place().start;
    let mut prealloc = None;
    let copied = loop {
        match copy_ptes(dst, src, &mut addr, &mut prealloc) {
            Copied::Done => break true,
            Copied::Failed => break false,
            Copied::NeedPage => prealloc = folio_alloc(),
        }
        if prealloc.is_none() {
            break false;
        }
    };
    // The entry it was for may have changed while the locks were dropped.
    if let Some(folio) = prealloc {
        folio_put(folio, Owner::Alloc);
    }
    copied
}

/// Entries from `addr` on, under the locks of both page tables: the child's first.
fn copy_ptes(dst: Vma, src: Vma, addr: &mut usize, prealloc: &mut Option<Folio>) -> Copied {
    pte_offset_map_lock(dst.mm());
    pte_offset_map_lock(src.mm());
    let mut copied = Copied::Done;
    while *addr < src.place().end {
        copied = copy_pte(dst, src, *addr, prealloc);
        if copied != Copied::Done {
            break;
        }
        *addr += 1;
    }
    pte_unmap_unlock(src.mm());
    pte_unmap_unlock(dst.mm());
    copied
}

/// One entry. Both page-table locks held. A preallocated page that is not needed after all goes back.
fn copy_pte(dst: Vma, src: Vma, addr: usize, prealloc: &mut Option<Folio>) -> Copied {
    let pte = ptep_get(src.mm(), addr);
    if pte.is_none() {
        return Copied::Done;
    }
    if !pte.is_present() {
        return copy_nonpresent_pte(dst, src, addr, pte);
    }
    let copied = copy_present_ptes(dst, src, addr, pte, prealloc);
    if copied == Copied::Done
        && let Some(folio) = prealloc.take()
    {
        folio_put(folio, Owner::Alloc);
    }
    copied
}

/// `copy_nonpresent_pte()`, v6.12. Both page-table locks held. An entry that was exclusive is shared afterwards, in
/// both. Left out: device entries, markers, the list of mms with swap entries.
fn copy_nonpresent_pte(dst: Vma, src: Vma, addr: usize, mut pte: Pte) -> Copied {
    kfn!(copy_nonpresent_pte);
    let mut private = true;
    if let Some(slot) = pte.swap_slot() {
        if !bug(bugs::M_FORK_SWAP) && !swap_duplicate(slot) {
            return Copied::Failed;
        }
        if pte.swap_exclusive() {
            pte = pte.clear_swap_exclusive();
            set_pte_at(src.mm(), addr, pte, PteWrite::Fork);
        }
    } else if let Some(pfn) = pte.migration_pfn() {
        let folio = Folio(pfn as u8);
        vm_bug_on_folio(peek_flags(folio) & PG_LOCKED == 0, folio, VmBug::MigrationEntry);
        private = is_anon(folio);
        if pte.migration_kind() != MigrationKind::Read && is_cow_mapping(src) {
            pte = Pte::migration(pfn, MigrationKind::Read, pte.is_young(), pte.is_dirty());
            set_pte_at(src.mm(), addr, pte, PteWrite::Fork);
        }
    }
    if private {
        note_anon_alias((src.mm(), addr), (dst.mm(), addr));
    }
    set_pte_at(dst.mm(), addr, pte, PteWrite::Fork);
    Copied::Done
}

/// `copy_present_ptes()` with `__copy_present_ptes()`, v6.12. Both page-table locks held. The child's entry gets a
/// reference and a mapping; a page the parent may have pinned is copied at once instead.
fn copy_present_ptes(dst: Vma, src: Vma, addr: usize, mut pte: Pte, prealloc: &mut Option<Folio>) -> Copied {
    kfn!(copy_present_ptes);
    let mut private = false;
    if let Some(pfn) = pte.page() {
        let folio = Folio(pfn as u8);
        folio_get(folio, Owner::Pte);
        if folio_test_anon(folio) {
            if !folio_try_dup_anon_rmap_pte(folio, dst, addr, src.mm()) {
                folio_put(folio, Owner::Pte);
                return copy_present_page(dst, src, addr, folio, prealloc);
            }
            vm_bug_on_folio(peek_flags(folio) & PG_ANON_EXCLUSIVE != 0, folio, VmBug::Exclusive);
            private = true;
        } else {
            folio_dup_file_rmap_pte(folio, dst, addr);
        }
    }
    if is_cow_mapping(src) && pte.is_writable() {
        if !bug(bugs::M_FORK_WRITABLE) {
            ptep_change(src.mm(), addr, Pte::wrprotect, PteWrite::Fork);
        }
        pte = pte.wrprotect();
    }
    if private {
        note_anon_alias((src.mm(), addr), (dst.mm(), addr));
    }
    if !is_cow_mapping(src) {
        pte = pte.mkclean();
    }
    set_pte_at(dst.mm(), addr, pte.mkold(), PteWrite::Fork);
    Copied::Done
}

/// `copy_present_page()`, v6.12. Both page-table locks held. The parent keeps its page, writable as it is; the
/// preallocated page becomes the child's.
fn copy_present_page(dst: Vma, src: Vma, addr: usize, page: Folio, prealloc: &mut Option<Folio>) -> Copied {
    kfn!(copy_present_page);
    let Some(new) = prealloc.take() else { return Copied::NeedPage };
    copy_content_then(new, page, || note_anon_alias((src.mm(), addr), (dst.mm(), addr)));
    __folio_mark_uptodate(new);
    folio_add_new_anon_rmap(new, dst, addr, true);
    folio_add_lru_vma(new, dst);
    let pte = maybe_mkwrite(mk_pte(new, dst).mkdirty(), dst);
    folio_ref_transfer(new, Owner::Alloc, Owner::Pte);
    set_pte_at(dst.mm(), addr, pte, PteWrite::Fork);
    Copied::Done
}
